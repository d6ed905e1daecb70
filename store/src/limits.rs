//! Every limit of the server in one place. Must hold constants only.

use std::time::Duration;

/// Free space below which writes that add data are refused: room for full write buffers of both engines.
pub const DISK_FREE_BYTES_MIN: u64 = 192 << 20;

/// Free space at which writes are accepted again.
pub const DISK_FREE_BYTES_RECOVERED: u64 = 224 << 20;

/// How often the free space is looked at.
pub const DISK_LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Pause before an expiry that found no leader is proposed again.
pub const LEASE_EXPIRE_RETRY: Duration = Duration::from_millis(100);

/// Pause before this member tries again to make its name known.
pub const PUBLISH_RETRY: Duration = Duration::from_millis(500);

/// Longest wait for the answer to a forwarded lease call (etcd's one second).
pub const LEASE_FORWARD_TIMEOUT: Duration = Duration::from_secs(1);

/// What gRPC allows a message above `--max-request-bytes` (etcd's overhead for framing and metadata).
pub const GRPC_OVERHEAD_BYTES: usize = 512 << 10;

/// How many times as large as its message a JSON body may be: base64 and quoted numbers are longer than what they mean.
pub const GATEWAY_BODY_FACTOR: usize = 2;

/// Largest message sent to a client (grpc-go's limit on 64-bit machines as etcd sets it).
pub const GRPC_MESSAGE_SEND_BYTES_MAX: usize = i32::MAX as usize;

/// Bytes of small stream messages that leave in one HTTP/2 write.
pub const STREAM_FRAME_BYTES_MAX: usize = 32 << 10;

/// Stream messages above this size are sent from where they lie instead of being copied.
pub const STREAM_COPY_BYTES_MAX: usize = 16 << 10;

/// Election timeouts without a leader after which a stream that requires one ends (etcd's three).
pub const STREAM_LEADERLESS_ELECTIONS_MAX: u32 = 3;

/// Ranges with more keys are read off the async threads.
pub const RANGE_INLINE_KEYS_MAX: u64 = 64;

/// Keys in the first chunk of a streamed range (etcd's ten).
pub const RANGE_STREAM_FIRST_KEYS: u64 = 10;

/// Ranges read off the async threads at the same time; bounds the memory of answers under construction.
pub const RANGE_LARGE_CONCURRENT_MAX: usize = 8;

/// HTTP/2 flow control of one connection and of one stream.
pub const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// See `HTTP2_CONNECTION_WINDOW_BYTES`.
pub const HTTP2_STREAM_WINDOW_BYTES: u32 = 1 << 20;

/// Largest HTTP/2 frame accepted, so that a request of usual size comes in one piece.
pub const HTTP2_FRAME_BYTES_MAX: u32 = 64 << 10;

/// Bytes that one stream may have queued for sending.
pub const HTTP2_SEND_BUFFER_BYTES_MAX: usize = 256 << 10;

/// Pings that this server sends to find dead connections (etcd's defaults).
pub const HTTP2_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2 * 60 * 60);
/// The shortest such interval that can be set (gRPC's).
pub const HTTP2_KEEPALIVE_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// How long the answer to such a ping may take.
pub const HTTP2_KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Calls that are open at a time on one connection of another member. It needs a handful: forwarded commands, questions about
/// the leader, appends, a vote, a snapshot.
pub const PEER_STREAMS_MAX: u32 = 256;

/// Largest header block of a request, tokens included.
pub const HTTP2_HEADER_LIST_BYTES_MAX: u32 = 64 << 10;

/// Streams that a client may have reset before they were taken up; a client that cancels many calls at once is no attack.
pub const HTTP2_PENDING_RESETS_MAX: usize = 4096;

/// Bytes from which a write to a connection does not wait for more to come.
pub const GATHERED_WRITE_BYTES_MAX: usize = 8 << 10;

/// Requests of one watch stream that wait to be taken up; further ones wait at their sender.
pub const WATCH_REQUESTS_QUEUED_MAX: usize = 16;

/// Revisions that wait on one watch stream; a stream that has more unread goes back to reading history.
pub const WATCH_REVISIONS_QUEUED_MAX: usize = 1024;

/// Bytes of keys, values and matches that one watch stream may have waiting, on top of one revision.
pub const WATCH_BYTES_QUEUED_MAX: usize = 4 << 20;

/// Recent revisions kept in memory for watchers that come or come back.
pub const WATCH_RECENT_REVISIONS_MAX: usize = 4096;

/// Bytes of keys and values in these revisions, on top of one revision.
pub const WATCH_RECENT_BYTES_MAX: usize = 8 << 20;

/// Events that a watch stream reads from history in its first step, and at most in one step.
pub const WATCH_SCAN_EVENTS_FIRST: usize = 128;
/// See `WATCH_SCAN_EVENTS_FIRST`.
pub const WATCH_SCAN_EVENTS_MAX: usize = 4096;

/// Bytes above which the next step reads fewer events, and below half of which it reads more.
pub const WATCH_SCAN_BYTES_AIM: usize = 1 << 20;

/// Steps through history at the same time, over all watch streams.
pub const WATCH_SCANS_CONCURRENT_MAX: usize = 4;

/// Shortest interval of regular progress (etcd's minimum).
pub const WATCH_PROGRESS_INTERVAL_MIN: Duration = Duration::from_millis(100);

/// The interval of regular progress is longer by up to this part of it, so that streams do not tell it all at once
/// (etcd's tenth).
pub const WATCH_PROGRESS_JITTER_DIVISOR: u32 = 10;

/// Connections of clients at once, over all listeners; fewer where the system allows fewer open files.
pub const CONNECTIONS_MAX: usize = 65_536;

/// Connections of other members at once; their own bound, so that clients cannot crowd members out.
pub const PEER_CONNECTIONS_MAX: usize = 1024;

/// Of the files that the system allows this process, the part that connections may take; the rest is for storage.
pub const CONNECTIONS_OF_FILES_DIVISOR: u64 = 2;

/// Connections that the system may hold ready until they are accepted.
pub const LISTEN_BACKLOG: i32 = 4096;

/// Pause after a connection could not be accepted for lack of files or memory.
pub const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(50);

/// How long a new connection may stay silent.
pub const CONNECTION_FIRST_BYTES_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that end this silence: HTTP/2's preface and the header of the frame that must follow. A whole HTTP/1 request
/// ends it too.
pub const CONNECTION_FIRST_BYTES_MIN: usize = 24 + 9;

/// How long the head of an HTTP/1 request may take; counted from the previous answer, so idle connections end with it.
pub const HTTP1_HEADER_READ_TIMEOUT: Duration = Duration::from_secs(75);

/// Largest head of an HTTP/1 request.
pub const HTTP1_BUFFER_BYTES_MAX: usize = 64 << 10;

/// How long the body of an HTTP request may take until its answer begins, at whatever pace it comes. Calls of gRPC have
/// their own deadlines.
pub const HTTP_BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Silence after which the system asks whether the other end of a connection is still there.
pub const TCP_KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// Pause between such questions.
pub const TCP_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// How long a stopping server lets requests end that are under way. Watches never end by themselves.
pub const DRAIN_TIMEOUT: Duration = Duration::from_millis(300);

/// How long stopping may take as a whole. What is cut off then is not lost: every acknowledged write is in the log.
pub const STOP_TIMEOUT: Duration = Duration::from_millis(1800);

/// How long threads may take to end after that before the process ends without them.
pub const RUNTIME_STOP_TIMEOUT: Duration = Duration::from_millis(100);

/// A warning that repeats is written once in this time.
pub const WARNING_REPEAT_PAUSE: Duration = Duration::from_secs(10);

/// Periodic compaction goes in steps of at most this (etcd's hour).
pub const COMPACTION_STEP_MAX: Duration = Duration::from_secs(60 * 60);

/// Periodic compaction looks at the revision this many times in a step (etcd's ten).
pub const COMPACTION_LOOKS_PER_STEP: u32 = 10;

/// Shortest pause between two such looks; a period of some milliseconds must not become a busy loop.
pub const COMPACTION_LOOK_INTERVAL_MIN: Duration = Duration::from_millis(50);

/// How often compaction by revision looks (etcd's five minutes).
pub const COMPACTION_REVISION_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Election timeouts without a leader after which the log warns; a usual election takes two.
pub const LEADERLESS_WARNING_ELECTIONS: u32 = 3;

/// Least memory for caches and write buffers of the store: its write buffers must fit.
pub const CACHE_BYTES_MIN: u64 = 8 << 20;
/// Most memory for caches and write buffers; more is a slip of the finger.
pub const CACHE_BYTES_MAX: u64 = 1 << 40;

/// Heartbeats that an election timeout must have room for (etcd's five).
pub const ELECTION_HEARTBEATS_MIN: u64 = 5;
/// Longest election timeout (etcd's).
pub const ELECTION_TIMEOUT_MS_MAX: u64 = 50_000;

/// Largest `--max-request-bytes`: a request must fit into one message between members.
pub const REQUEST_BYTES_LIMIT_MAX: u64 = 32 << 20;

/// Largest `--max-txn-ops`.
pub const TXN_OPERATIONS_LIMIT_MAX: u64 = 1 << 20;

/// Largest form body of the v2 API (Go's limit).
pub const V2_BODY_BYTES_MAX: usize = 10 << 20;

/// Connections that a blank member keeps open: whoever manages it, members that ask, and probes.
pub const BLANK_CONNECTIONS_MAX: usize = 256;

/// Bytes of keys and values that a listing of the v2 API reads in one step; what one listing holds in memory.
pub const V2_LIST_STEP_BYTES: usize = 512 << 10;

/// Largest body that describes a user or a role of the v2 API.
pub const V2_AUTH_BODY_BYTES_MAX: usize = 1 << 20;

/// Largest body that describes a member.
pub const MEMBER_BODY_BYTES_MAX: usize = 64 << 10;

/// Costs that bcrypt has.
pub const BCRYPT_COST_MIN: u32 = 4;
/// See `BCRYPT_COST_MIN`.
pub const BCRYPT_COST_MAX: u32 = 31;

/// Longest password: bcrypt looks at no more.
pub const PASSWORD_BYTES_MAX: usize = 72;

/// Passwords that wait to be hashed or checked; further ones are refused.
pub const PASSWORD_JOBS_QUEUED_MAX: usize = 256;

/// By how much the threads for passwords stand back behind all others.
pub const PASSWORD_THREAD_NICENESS: i32 = 10;

/// Failed logins of one user from one address that cost no time.
pub const FAILED_LOGINS_FREE: u32 = 20;

/// Pause that each failure beyond those costs.
pub const FAILED_LOGIN_PAUSE: Duration = Duration::from_secs(1);

/// Pairs of user and address whose failures are remembered.
pub const FAILED_LOGIN_ENTRIES_MAX: usize = 4096;

/// How long Basic credentials that were right need no new check.
pub const VERIFIED_LOGIN_TIME: Duration = Duration::from_secs(60);

/// Basic credentials that are remembered.
pub const VERIFIED_LOGIN_ENTRIES_MAX: usize = 4096;

/// JSON web tokens whose signature needs no new check.
pub const VERIFIED_TOKENS_MAX: usize = 4096;

/// Bytes of a file of the audit log before the next one is begun.
pub const AUDIT_FILE_BYTES_MAX: u64 = 100 << 20;

/// Files of the audit log beside the one being written.
pub const AUDIT_FILES_MAX: usize = 10;

/// Lines of the audit log that wait to be written; further ones are lost, and counted.
pub const AUDIT_LINES_QUEUED_MAX: usize = 4096;

/// Ranges of one request that the audit log shows.
pub const AUDIT_RANGES_MAX: usize = 256;

/// How often a request is proposed anew because users or roles changed while it was on its way.
pub const AUTH_RETRIES_MAX: usize = 8;

/// How often tokens in use are renewed.
pub const TOKEN_RENEWAL_INTERVAL: Duration = Duration::from_secs(1);

/// Largest file with certificates, keys or revoked certificates.
pub const TLS_FILE_BYTES_MAX: u64 = 16 << 20;

/// How often files for TLS are looked at. A pod's files change once in hours, and a client that trusts old and new
/// does not notice when.
pub const TLS_LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// How long a TLS handshake may take from the connection on, the lookup of addresses included.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Handshakes under way on one kind of port. With more, the oldest is cut off.
pub const TLS_HANDSHAKES_MAX: usize = 1024;

/// How long the resolver may take to tell where the hosts in a member's certificate are.
pub const TLS_ADDRESS_LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Different reasons for refusals whose last line in the log is remembered.
pub const TLS_REFUSAL_REASONS_MAX: usize = 64;

/// What is read of a plain request to a port with TLS after it was answered, so that the answer arrives.
pub const TLS_PLAIN_REST_BYTES_MAX: u64 = 64 << 10;
/// How long that may take.
pub const TLS_PLAIN_REST_TIMEOUT: Duration = Duration::from_millis(500);

/// Longest life of a certificate that this member makes.
pub const SELF_SIGNED_YEARS_MAX: u32 = 100;

/// Such a certificate is made anew when this part of its life is left.
pub const SELF_SIGNED_RENEWAL_DIVISOR: u64 = 10;

/// Of the connections of clients, the part that one address may have (of IPv6 a network of 64 bits).
pub const CONNECTIONS_OF_ADDRESS_DIVISOR: usize = 2;

/// Connections that one address may have to the port for members.
pub const PEER_CONNECTIONS_OF_ADDRESS_MAX: usize = 256;

//! Where a message is cut that is too large to go in one piece.

/// Cuts a message into fragments for a watcher that asked for them, and tells how many events each of them holds.
/// `base_bytes` is the message's size without events, `event_bytes` what each event adds. A fragment stays below
/// `bytes_max`, but holds at least one event; a message below `bytes_max`, or of one event, stays whole. On the wire
/// every fragment but the last is marked as such.
pub fn fragments(
    base_bytes: usize,
    event_bytes: impl Iterator<Item = usize>,
    bytes_max: usize,
) -> Vec<usize> {
    let mut lens = Vec::with_capacity(1);
    let mut len = 0;
    let mut size = base_bytes;
    for bytes in event_bytes {
        if len > 0 && size + bytes >= bytes_max {
            lens.push(len);
            len = 0;
            size = base_bytes;
        }
        len += 1;
        size += bytes;
    }
    lens.push(len);
    lens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(event_bytes: &[usize], bytes_max: usize) -> Vec<usize> {
        fragments(10, event_bytes.iter().copied(), bytes_max)
    }

    #[test]
    fn a_message_is_cut_only_where_it_must_be() {
        assert_eq!(cut(&[20, 20], 51), [2]);
        assert_eq!(cut(&[20, 20], 50), [1, 1]);
        assert_eq!(cut(&[20, 20, 20, 20, 20], 60), [2, 2, 1]);
    }

    #[test]
    fn an_event_is_never_cut() {
        assert_eq!(cut(&[500], 60), [1]);
        assert_eq!(cut(&[500, 5, 500, 500], 60), [1, 1, 1, 1]);
    }
}

//! The text that a person sees who types `holdfast` in a terminal: what runs, where, and what to try. Must only name
//! commands that work.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;

use super::output::has_colours;
use crate::config::{Config, FirstStart, LogFormat};
use crate::version::{ETCD_VERSION, HOLDFAST_VERSION};

/// The clients' URL that tools use when they are told nothing.
const DEFAULT_URL: &str = "http://localhost:2379";

/// What the text speaks of; taken from the configuration before the server takes that over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Greeting {
    data_dir: PathBuf,
    client_url: String,
    listen_urls: String,
    peer_urls: String,
    members: usize,
    has_gateway: bool,
}

/// The text for `config`, `None` when nobody is there to read it.
pub fn greet(config: &Config) -> Option<impl FnOnce() + use<>> {
    let is_terminal = io::stderr().is_terminal();
    if config.is_etcd || (config.logs.format != LogFormat::Console && !is_terminal) {
        return None;
    }
    let text = Greeting::of(config).text(is_terminal && has_colours());
    Some(move || {
        // A reader that has gone away is no reason to stop.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    })
}

impl Greeting {
    fn of(config: &Config) -> Greeting {
        let join = |urls: &[crate::config::ListenUrl]| {
            urls.iter().map(|url| url.text.as_str()).collect::<Vec<_>>().join(", ")
        };
        let data_dir = &config.consensus.data_dir;
        let listen_urls = join(&config.listeners.client);
        let advertised = config.node.advertise_client_urls.first();
        Greeting {
            data_dir: std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.clone()),
            client_url: advertised.cloned().unwrap_or_else(|| listen_urls.clone()),
            listen_urls,
            peer_urls: join(&config.listeners.peer),
            members: match &config.first_start {
                Some(FirstStart::New(founding)) => founding.members.len(),
                Some(FirstStart::Join(_) | FirstStart::Managed(_)) | None => 1,
            },
            has_gateway: config.http.has_gateway,
        }
    }

    fn text(&self, is_coloured: bool) -> String {
        let (strong, dim, plain) = if is_coloured { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let mut text = String::with_capacity(1024);
        let mut write = || {
            writeln!(
                text,
                "\n{strong}holdfast {HOLDFAST_VERSION}{plain} {dim}(speaks etcd {ETCD_VERSION}){plain}\n"
            )?;
            writeln!(text, "  {dim}data{plain}     {}", self.data_dir.display())?;
            writeln!(text, "  {dim}clients{plain}  {}", self.listen_urls)?;
            writeln!(text, "  {dim}members{plain}  {}", self.peer_urls)?;
            if self.members > 1 {
                writeln!(text, "\nOne of {} members: it serves once most of them run.", self.members)?;
            }
            // Which CA a client has to be told, and with what certificate, only its user knows.
            if !self.client_url.starts_with("https:") {
                writeln!(text, "\nTry in another terminal (curl sends keys and values as base64):\n")?;
                for command in self.commands() {
                    writeln!(text, "  {strong}{command}{plain}")?;
                }
            }
            writeln!(text, "\nCtrl-C stops it; the data stays where it is.\n")
        };
        let written: std::fmt::Result = write();
        written.expect("a String takes everything");
        text
    }

    fn commands(&self) -> Vec<String> {
        let url = &self.client_url;
        let endpoints = if url == DEFAULT_URL { String::new() } else { format!(" --endpoints {url}") };
        let mut commands = Vec::new();
        if self.has_gateway {
            commands.push(format!(r#"curl {url}/v3/kv/put -d '{{"key":"aGVsbG8=","value":"d29ybGQ="}}'"#));
            commands.push(format!(r#"curl {url}/v3/kv/range -d '{{"key":"aGVsbG8="}}'"#));
        } else {
            commands.push(format!("etcdctl{endpoints} put hello world"));
        }
        commands.push(format!("etcdctl{endpoints} get hello"));
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting() -> Greeting {
        Greeting {
            data_dir: PathBuf::from("/data/default.holdfast"),
            client_url: DEFAULT_URL.to_owned(),
            listen_urls: DEFAULT_URL.to_owned(),
            peer_urls: "http://localhost:2380".to_owned(),
            members: 1,
            has_gateway: true,
        }
    }

    #[test]
    fn it_names_data_urls_commands_and_the_end() {
        let text = greeting().text(false);
        for part in [
            HOLDFAST_VERSION,
            "/data/default.holdfast",
            "http://localhost:2380",
            r#"curl http://localhost:2379/v3/kv/put -d '{"key":"aGVsbG8=","value":"d29ybGQ="}'"#,
            "\n  etcdctl get hello\n",
            "Ctrl-C",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn commands_without_the_gateway_or_at_another_port_still_work() {
        let url = "http://10.0.0.1:1234".to_owned();
        let commands = Greeting { client_url: url, has_gateway: false, ..greeting() }.commands();
        assert_eq!(
            commands,
            [
                "etcdctl --endpoints http://10.0.0.1:1234 put hello world",
                "etcdctl --endpoints http://10.0.0.1:1234 get hello"
            ]
        );
    }

    #[test]
    fn no_command_is_named_that_would_need_certificates() {
        let text = Greeting { client_url: "https://a:2379".to_owned(), ..greeting() }.text(false);
        assert!(!text.contains("curl") && text.contains("Ctrl-C"), "{text}");
    }

    #[test]
    fn a_member_of_a_cluster_says_that_it_needs_the_others() {
        assert!(Greeting { members: 3, ..greeting() }.text(false).contains("One of 3 members"));
    }
}

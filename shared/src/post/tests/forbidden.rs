//! What must not be dialled is not dialled.

use std::time::Duration;

use super::*;

/// The hostile addresses of the comparison of clients, and more of their kind.
const HOSTILE: [&str; 23] = [
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://example.com@127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:53aa:64c:0:0:80ff:fffe]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1%25eth0]/",
    "http://metadata.google.internal/",
    "http://100.100.100.200/",
    "http://[::127.0.0.1]/",
    "http://①②⑦.0.0.1/",
    "http://168.63.129.16/",
    "http://10.0.0.1:22/",
];

#[tokio::test]
async fn hostile_addresses_have_nothing_dialled() {
    let dialler = Dialler::default();
    let post = post(PUBLIC, &Names::of([&["93.184.216.34"]]), &dialler);
    for url in HOSTILE.into_iter().flat_map(|url| [url.to_owned(), url.replacen("http:", "https:", 1)]) {
        assert!(PUBLIC.target(&url).is_err(), "{url}");
        // One that another guard let pass is judged again.
        if LOCAL.target(&url).is_ok() {
            assert_eq!(send(&post, &url).await.expect_err("nobody answers").kind, Trouble::Forbidden, "{url}");
        }
    }
    assert_eq!(dialler.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_name_for_both_worlds_has_nothing_dialled() {
    for inside in ["10.0.0.1", "127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fd00:ec2::254"] {
        for guard in [PUBLIC, LOCAL] {
            let dialler = Dialler::default();
            let names = Names::of([&["93.184.216.34", inside]]);
            let answer = send(&post(guard, &names, &dialler), "https://hooks.example.com/").await;
            let answer = answer.expect_err("nobody answers");
            assert_eq!(answer.kind, Trouble::Forbidden);
            assert!(answer.words.starts_with("stands for a"), "{}", answer.words);
            assert!(!answer.words.contains(inside));
            assert_eq!(dialler.dialled(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_name_that_moves_inside_between_attempts_is_refused_at_the_second() {
    let dialler = Dialler::default();
    let post = post(PUBLIC, &Names::of([&["93.184.216.34"], &["127.0.0.1"]]), &dialler);
    let first = send(&post, "https://hooks.example.com:8443/").await.expect_err("nobody listens");
    assert_eq!(first, NoAnswer { kind: Trouble::Connect, words: "connection refused".into() });
    let second = send(&post, "https://hooks.example.com:8443/").await.expect_err("nobody answers");
    assert_eq!(second.kind, Trouble::Forbidden);
    assert_eq!(dialler.dialled(), ["93.184.216.34:8443"]);
}

#[tokio::test]
async fn the_addresses_that_were_judged_are_dialled_in_turn_after_one_lookup() {
    let dialler = Dialler::default();
    let names = Names::of([&["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"], &["127.0.0.1"]]);
    send(&post(PUBLIC, &names, &dialler), "https://hooks.example.com/").await.expect_err("nobody listens");
    assert_eq!(dialler.dialled(), ["93.184.216.34:443", "[2606:4700::1111]:443", "8.8.8.8:443"]);
}

#[tokio::test]
async fn loopback_by_name_is_never_looked_up() {
    let (post, dialler) = local(receiver(|stream, _| answering(stream, OK)).await);
    let url = "http://hooks.localhost:5000/";
    assert_eq!(send(&post, url).await.map(|answer| answer.status), Ok(200));
    assert_eq!(dialler.dialled(), ["127.0.0.1:5000"]);
}

#[tokio::test]
async fn an_unknown_name_is_trouble_with_dns() {
    let dialler = Dialler::default();
    for names in [Names::default(), Names::of([&[]])] {
        let answer = send(&post(PUBLIC, &names, &dialler), "https://hooks.example.com/").await;
        assert_eq!(answer.expect_err("nobody answers").kind, Trouble::Dns);
    }
    assert_eq!(dialler.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let to = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    let (post, dialler) = local(receiver(move |stream, _| answering(stream, to)).await);
    let answer = send(&post, "http://localhost:5000/").await.expect("an answer");
    assert_eq!((answer.status, &answer.headers["location"]), (307, &"http://169.254.169.254/".parse().expect("ok")));
    assert_eq!(dialler.dialled().len(), 1);
}

#[tokio::test]
async fn a_connection_that_takes_for_ever_ends_in_time() {
    struct Never;
    impl Dial for Never {
        async fn dial(&self, _: SocketAddr) -> io::Result<TcpStream> {
            std::future::pending().await
        }
    }
    let post = Post::with(PUBLIC, Names::of([&["93.184.216.34"]]), Never, Trust::Only(Vec::new())).expect("a post");
    let mut outgoing = outgoing("https://hooks.example.com/");
    outgoing.timeout = Duration::from_millis(200);
    let answer = post.send_webhook(outgoing).await.expect_err("nobody answers");
    assert_eq!(answer, NoAnswer { kind: Trouble::Timeout, words: "no answer within 200ms".into() });
}

//! The brake on guessing passwords.

use std::{net::IpAddr, time::Duration};

use crate::{
    bench::{ADMIN, Bench, PASSWORD, VIEWER, bench, plan},
    browser::Page,
};

/// Tries to sign in; from an address of the network, and one that a proxy names.
async fn attempt(bench: &Bench, email: &str, password: &str, peer: &str, named: &str) -> Page {
    let mut browser = bench.nobody();
    browser.peer = peer.parse::<IpAddr>().unwrap();
    if !named.is_empty() {
        browser.headers.push(("x-forwarded-for", named.into()));
    }
    browser
        .post("/sign-in", &[("email", email), ("password", password)])
        .await
}

async fn wrong(bench: &Bench, email: &str) -> Page {
    attempt(bench, email, "wrong", "192.0.2.1", "").await
}

async fn right(bench: &Bench) -> Page {
    attempt(bench, ADMIN, PASSWORD, "192.0.2.1", "").await
}

#[tokio::test]
async fn after_five_failures_each_further_one_waits_twice_as_long() {
    let bench = bench().await;
    for _ in 0..5 {
        let page = wrong(&bench, ADMIN).await.is(401);
        page.has("The email address or the password is wrong");
    }
    for seconds in [5, 10, 20, 40] {
        let page = wrong(&bench, ADMIN).await.is(429);
        assert_eq!(page.header("retry-after"), Some(&*seconds.to_string()));
        // The right one waits as long, so that nobody learns that it is.
        let page = right(&bench).await.is(429);
        page.has(&format!("Wait {seconds} seconds"));
        bench.pass(Duration::from_secs(seconds - 1));
        right(&bench).await.is(429);
        bench.pass(Duration::from_secs(1));
        wrong(&bench, ADMIN).await.is(401);
    }
    bench.pass(Duration::from_secs(80));
    right(&bench).await.leads_to("/");
    // After that, five are free again.
    for _ in 0..5 {
        wrong(&bench, ADMIN).await.is(401);
    }
    wrong(&bench, ADMIN).await.is(429);
}

#[tokio::test]
async fn failures_are_forgotten_after_a_quarter_of_an_hour() {
    let bench = bench().await;
    for _ in 0..5 {
        wrong(&bench, ADMIN).await.is(401);
    }
    wrong(&bench, ADMIN).await.is(429);
    bench.pass(Duration::from_mins(15) + Duration::from_secs(1));
    for _ in 0..5 {
        wrong(&bench, ADMIN).await.is(401);
    }
    wrong(&bench, ADMIN).await.is(429);
}

#[tokio::test]
async fn another_person_does_not_wait() {
    let mut bench = bench().await;
    bench.viewer().await;
    for _ in 0..6 {
        wrong(&bench, ADMIN).await;
    }
    let page = attempt(&bench, VIEWER, PASSWORD, "192.0.2.1", "").await;
    page.leads_to("/");
}

#[tokio::test]
async fn strangers_are_answered_as_members_are() {
    let bench = bench().await;
    let member = wrong(&bench, ADMIN).await.is(401);
    let stranger = wrong(&bench, "nobody@example.com").await.is(401);
    assert_eq!(
        member.body.replace(ADMIN, ""),
        stranger.body.replace("nobody@example.com", "")
    );
    for _ in 0..4 {
        wrong(&bench, "nobody@example.com").await.is(401);
    }
    wrong(&bench, "nobody@example.com").await.is(429);
    // However it is written.
    wrong(&bench, " NOBODY@example.com ").await.is(429);
}

#[tokio::test]
async fn one_address_of_the_network_cannot_try_many_people() {
    let bench = bench().await;
    for number in 0..20 {
        let email = format!("person-{number}@example.com");
        attempt(&bench, &email, "wrong", "192.0.2.66", "")
            .await
            .is(401);
    }
    let page = attempt(&bench, "another@example.com", "wrong", "192.0.2.66", "").await;
    assert_eq!(page.is(429).header("retry-after"), Some("5"));
    attempt(&bench, ADMIN, PASSWORD, "192.0.2.67", "")
        .await
        .leads_to("/");
    bench.pass(Duration::from_secs(5));
    attempt(&bench, ADMIN, PASSWORD, "192.0.2.66", "")
        .await
        .leads_to("/");
}

#[tokio::test]
async fn a_network_of_version_six_counts_as_one_address() {
    let bench = bench().await;
    for number in 0..20 {
        let email = format!("person-{number}@example.com");
        let peer = format!("2001:db8:1:2::{number:x}");
        attempt(&bench, &email, "wrong", &peer, "").await.is(401);
    }
    attempt(&bench, "x@example.com", "wrong", "2001:db8:1:2:ffff::1", "")
        .await
        .is(429);
    attempt(&bench, "x@example.com", "wrong", "2001:db8:1:3::1", "")
        .await
        .is(401);
}

#[tokio::test]
async fn what_a_stranger_says_of_its_address_is_not_believed() {
    let bench = bench().await;
    for number in 0..20 {
        let email = format!("person-{number}@example.com");
        let named = format!("198.51.100.{number}");
        attempt(&bench, &email, "wrong", "192.0.2.66", &named)
            .await
            .is(401);
    }
    attempt(
        &bench,
        "x@example.com",
        "wrong",
        "192.0.2.66",
        "198.51.100.99",
    )
    .await
    .is(429);
}

#[tokio::test]
async fn what_a_trusted_proxy_says_of_an_address_is_believed() {
    let bench = plan().behind("10.0.0.0/8").build().await;
    // What the client itself wrote in front is not the proxy's word.
    for number in 0..20 {
        let email = format!("person-{number}@example.com");
        let named = format!("198.51.100.{number}, 203.0.113.5, 10.0.0.7");
        attempt(&bench, &email, "wrong", "10.0.0.9", &named)
            .await
            .is(401);
    }
    attempt(&bench, "x@example.com", "wrong", "10.0.0.9", "203.0.113.5")
        .await
        .is(429);
    attempt(&bench, "x@example.com", "wrong", "10.0.0.9", "203.0.113.6")
        .await
        .is(401);
}

#[tokio::test]
async fn guesses_at_the_same_moment_are_counted_each() {
    let bench = bench().await;
    let guesses = (0..30).map(|_| wrong(&bench, ADMIN));
    let pages = futures::future::join_all(guesses).await;
    let tried = pages.iter().filter(|page| page.status == 401).count();
    assert!(tried <= 5, "{tried} of 30 passwords were tried");
    right(&bench).await.is(429);
}

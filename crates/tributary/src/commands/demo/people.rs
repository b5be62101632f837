//! Who signs in to the demo, and whether a data directory is the demo's at all: its passwords are known to everybody.

use store::{
    Store, Subscription,
    member::{Member, Role},
};

use crate::{app::App, failure::Failure, trouble::Trouble};

/// Somebody who can sign in to the demo.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) email: &'static str,
    pub(super) password: &'static str,
    pub(super) role: Role,
}

/// An admin and a viewer.
pub(super) const PEOPLE: [Person; 2] = [
    Person {
        email: "admin@demo.example",
        password: "tributary-demo",
        role: Role::Admin,
    },
    Person {
        email: "viewer@demo.example",
        password: "tributary-demo",
        role: Role::Viewer,
    },
];

/// Makes sure that the data directory is the demo's: a new one, or one in which the demo has been before. `marked` says that
/// the settings there are the demo's.
pub(super) async fn check(app: &App, store: &Store, marked: bool) -> Result<(), Failure> {
    let subscriptions = store.subscriptions().await?;
    let members = store.members().await?;
    match somebodys_own(&subscriptions, &members, marked) {
        None => Ok(()),
        Some(what) => Err(Trouble::DemoData {
            path: app.data_dir.clone(),
            what,
        }
        .into()),
    }
}

/// What somebody else has made. Where the demo has been before, everything was made in it.
fn somebodys_own(
    subscriptions: &[Subscription],
    members: &[Member],
    marked: bool,
) -> Option<String> {
    let is_ours = |member: &Member| PEOPLE.iter().any(|person| person.email == member.email);
    if marked || members.iter().any(is_ours) {
        return None;
    }
    let subscription = subscriptions.first();
    subscription
        .map(|one| format!("the subscription {:?}", one.name))
        .or_else(|| Some(format!("the user {}", members.first()?.email)))
}

/// Lets them in with the passwords that are printed, whatever was changed in an earlier demo.
pub(super) async fn admit(app: &App, store: &Store, pages: &web::App) -> Result<(), Failure> {
    for person in PEOPLE {
        let added = store
            .add_member(person.email, person.role, app.clock.now())
            .await?;
        // Taken: from an earlier demo.
        drop(added);
        let Some((member, _)) = store.member_to_sign_in(person.email).await? else {
            continue;
        };
        // Never refused: the first of them is made an admin before the other becomes a viewer.
        let changed = store.change_member(member.id, person.role, true).await?;
        debug_assert!(changed.is_ok(), "{changed:?}");
        pages
            .set_password(member.id, person.password.to_owned())
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::{SubscriptionId, member::MemberId};

    use super::{super::NAME, *};

    fn subscription(name: &str) -> Subscription {
        Subscription {
            id: SubscriptionId(1),
            name: name.into(),
            time_zone: "UTC".into(),
            hubspot_on: true,
        }
    }

    fn member(email: &str) -> Member {
        Member {
            id: MemberId(1),
            email: email.into(),
            role: Role::Admin,
            joined: true,
            language: None,
            theme: None,
            active: true,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            signed_in_at: None,
        }
    }

    #[test]
    fn known_passwords_come_into_the_demos_own_directory_only() {
        let own = |subscriptions: &[&str], members: &[&str], marked| {
            let subscriptions: Vec<_> = subscriptions.iter().map(|one| subscription(one)).collect();
            let members: Vec<_> = members.iter().map(|one| member(one)).collect();
            somebodys_own(&subscriptions, &members, marked)
        };
        let ours = PEOPLE[0].email;
        assert_eq!(own(&[], &[], false), None);
        assert_eq!(own(&[NAME], &[], true), None);
        let made_in_it = own(&["Another", NAME], &["guest@x.example", ours], false);
        assert_eq!(made_in_it, None);
        for (subscriptions, members) in [
            (&["Product"][..], &[][..]),
            // Somebody may call a product of their own so.
            (&[NAME], &[]),
            (&[NAME], &["boss@x.example"]),
            (&[], &["boss@x.example"]),
        ] {
            assert!(
                own(subscriptions, members, false).is_some(),
                "{subscriptions:?} {members:?}"
            );
        }
    }
}

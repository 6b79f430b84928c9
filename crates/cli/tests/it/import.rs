//! `jeton user import`.

use serde_json::{Value, json};

use crate::run::{Folder, Ran};

const HASH: &str = "pbkdf2_sha256$1000000$abcdefghijklmnop$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=";
/// A part of it that no output may hold.
const OF_HASH: &str = "K0uU5RVF";
/// The same of another password.
const OTHER_HASH: &str = "md5$salt$2b8b0c9a7b3a5c5d6e7f8091a2b3c4d5";

/// A user of Django's.
fn user(pk: u32, name: &str, changes: Value) -> Value {
    let mut fields = json!({
        "password": HASH, "last_login": null, "is_superuser": false, "username": name, "first_name": "", "last_name": "",
        "email": "", "is_staff": false, "is_active": true, "date_joined": "2024-01-01T00:00:00Z",
        "groups": [], "user_permissions": []
    });
    let members = fields.as_object_mut().expect("an object");
    members.extend(changes.as_object().cloned().expect("an object"));
    json!({"model": "auth.user", "pk": pk, "fields": fields})
}

fn import(folder: &Folder, arguments: &[&str], dump: &Value) -> Ran {
    let file = folder.file("users.json", dump.to_string());
    let ran = folder.run(&[&["user", "import", "django", &file], arguments].concat());
    assert!(!ran.out.contains(OF_HASH) && !ran.err.contains(OF_HASH), "{ran:?}");
    ran
}

fn imported(folder: &Folder, arguments: &[&str], dump: &Value) -> Value {
    import(folder, &[arguments, &["--json"]].concat(), dump).json()
}

fn show(folder: &Folder, name: &str) -> Value {
    folder.run(&["user", "show", name, "--json"]).json()
}

#[test]
fn users_come_from_django_with_their_keys_hashes_names_groups_and_rights() {
    let folder = Folder::new();
    let ada = json!({
        "is_superuser": true, "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "is_staff": true,
        "groups": [1, 2]
    });
    let dump = json!([
        {"model": "auth.group", "pk": 1, "fields": {"name": "staff", "permissions": []}},
        {"model": "auth.group", "pk": 2, "fields": {"name": "Eng, backend", "permissions": []}},
        user(7, "ada", ada),
        user(8, "bob", json!({"is_active": false})),
    ]);
    let report = imported(&folder, &[], &dump);
    assert_eq!((&report["imported"], &report["skipped"]), (&2.into(), &json!([])));
    let ada = show(&folder, "ada");
    assert_eq!(
        (&ada["subject"], &ada["role"], &ada["email"]),
        (&"7".into(), &"owner".into(), &"ada@example.org".into())
    );
    let attributes = json!({
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "groups": ["staff", "Eng, backend"],
        "is_staff": true, "is_superuser": true
    });
    assert_eq!(ada["attributes"], attributes);
    let bob = show(&folder, "bob");
    assert_eq!((&bob["subject"], &bob["status"]), (&"8".into(), &"disabled".into()));
    assert_eq!(bob["attributes"], json!({"groups": [], "is_staff": false, "is_superuser": false}));

    // The same file again changes nothing.
    let again = imported(&folder, &[], &dump);
    assert_eq!((&again["imported"], &again["skipped"]), (&0.into(), &json!(["ada", "bob"])));
    folder.serve(&[]).sign_in("ada", "correct horse");
}

#[test]
fn only_the_user_model_makes_users() {
    let folder = Folder::new();
    let customer = |pk: u32, name: &str| {
        json!({"model": "shop.customer", "pk": pk, "fields": {
            "username": name, "password": HASH, "email": "eve@example.org", "is_superuser": true}})
    };
    let dump = json!([
        customer(1, "eve"),
        user(1, "ada", json!({})),
        customer(2, "ada"),
        user(2, "root", json!({}))
    ]);
    assert_eq!(imported(&folder, &[], &dump)["imported"], 2);
    assert_eq!(
        (&show(&folder, "root")["subject"], &show(&folder, "root")["email"]),
        (&"2".into(), &Value::Null)
    );
    folder.run(&["user", "show", "eve"]).refused();

    let dump = json!([customer(3, "mal"), {"model": "auth.group", "pk": 1, "fields": {"name": "staff"}}]);
    let refused = import(&folder, &[], &dump).refused();
    assert!(
        refused.contains("it has no auth.user") && refused.contains("--model shop.customer"),
        "{refused}"
    );
    let dump = json!([{"model": "auth.group", "pk": 1, "fields": {"name": "staff"}}]);
    let refused = import(&folder, &[], &dump).refused();
    assert!(refused.contains("it has no auth.user, but auth.group"), "{refused}");
    assert_eq!(imported(&folder, &[], &json!([]))["imported"], 0, "nothing is in it");
}

#[test]
fn a_custom_user_model_names_its_model_and_its_field() {
    let folder = Folder::new();
    let account = |pk: &str, email: Value| {
        json!({"model": "accounts.user", "pk": pk, "fields": {
            "email": email, "password": HASH, "name": "Ada Lovelace", "is_staff": true, "phone": "1"}})
    };
    let long = format!("{}@example.org", "x".repeat(200));
    let uuid = "0b5f8a4e-7d1c-4a53-9d2f-1f6f0c1c2d3e";
    let dump = json!([account(uuid, "ada@example.org".into()), account("k2", long.as_str().into())]);
    let refused = import(&folder, &["--model", "accounts.User"], &dump).refused();
    assert!(
        refused.contains("has no field `username`") && refused.contains("email, name, phone"),
        "{refused}"
    );
    let options = ["--model", "accounts.User", "--username-field", "email"];
    assert_eq!(imported(&folder, &options, &dump)["imported"], 2);
    let ada = show(&folder, "ada@example.org");
    assert_eq!((&ada["subject"], &ada["email"]), (&uuid.into(), &"ada@example.org".into()));
    assert_eq!(ada["attributes"], json!({"name": "Ada Lovelace", "is_staff": true}));
    show(&folder, &long);

    let dump = json!([account("k3", "bob@example.org".into()), account("k4", Value::Null)]);
    let ran = import(&folder, &options, &dump);
    assert!(ran.status == 1 && ran.err.contains("object 2: a username must not be empty"), "{ran:?}");
}

#[test]
fn users_without_a_usable_hash_come_without_a_password_and_are_listed() {
    let folder = Folder::new();
    let rounds = HASH.replace("1000000", "5000000");
    let dump = json!([
        user(1, "ada", json!({})),
        user(2, "empty", json!({"password": ""})),
        user(3, "sso", json!({"password": "!Xq1kq3K0uU5RVFjBCe301huu3Sx9XVg"})),
        user(4, "legacy", json!({"password": "sha1$K0uU5RVF$abcdef"})),
        user(5, "plain", json!({"password": "K0uU5RVF in the clear"})),
        user(6, "rounds", json!({"password": rounds})),
        user(7, "lines", json!({"password": format!("{HASH}\n")})),
        user(8, "null", json!({"password": null})),
    ]);
    let report = imported(&folder, &[], &dump);
    assert_eq!(report["imported"], 8);
    let listed: Vec<_> = report["without_password"].as_array().expect("a list").iter().collect();
    let names: Vec<_> = listed.iter().map(|user| user["username"].as_str().expect("a name")).collect();
    assert_eq!(names, ["empty", "sso", "legacy", "plain", "rounds", "lines", "null"]);
    let reason = |at: usize| listed[at]["reason"].as_str().expect("a reason");
    assert!(reason(1).contains("no usable password"), "{}", reason(1));
    assert!(reason(2).contains("unknown format"), "{}", reason(2));
    assert_eq!(reason(4), "the password hash has 5000000 rounds of PBKDF2, at most 4000000 are allowed");

    let other = Folder::new();
    let text = import(&other, &[], &dump).done();
    assert!(text.starts_with("imported 8 users\nwithout a password, until"), "{text}");
    assert!(text.contains("\n  plain: the password hash has an unknown format"), "{text}");

    let server = folder.serve(&[]);
    let credentials = json!({"username": "plain", "password": "K0uU5RVF in the clear"});
    assert_eq!(server.post("/api/token/", &credentials).0, 401);
    folder.run_reading(&["user", "passwd", "plain", "--password-stdin"], b"a new one\n").done();
    server.sign_in("plain", "a new one");
}

#[test]
fn rows_that_cannot_be_imported_refuse_the_file_unless_they_are_to_be_left_out() {
    let folder = Folder::new();
    let dump = json!([
        user(1, "ada", json!({})),
        user(2, "", json!({})),
        user(3, " eve ", json!({})),
        user(1, "bob", json!({})),
        user(5, "ada", json!({})),
        user(6, "mal", json!({"is_active": "yes"})),
        {"model": "auth.user", "pk": [1], "fields": user(0, "pkl", json!({}))["fields"]},
    ]);
    let ran = import(&folder, &[], &dump);
    assert_eq!((ran.status, &*ran.out), (1, ""));
    for line in [
        "object 2: a username must not be empty",
        "object 3: ",
        "object 4: bob: object 1 has the same key",
        "object 5: ada: object 1 has the same name",
        "object 6: `is_active` is neither true nor false",
        "object 7: pkl: the key is neither a number nor a text",
        "nothing was imported; skip such rows with --skip-bad",
    ] {
        assert!(ran.err.contains(line), "{line}: {}", ran.err);
    }
    assert_eq!(folder.run(&["user", "list", "--json"]).json(), json!([]));

    let report = imported(&folder, &["--skip-bad"], &dump);
    assert_eq!((&report["imported"], report["left_out"].as_array().map(Vec::len)), (&1.into(), Some(6)));
    show(&folder, "ada");

    // Where nothing is left, that is an error, and the list is there all the same.
    let ran = import(&folder, &["--skip-bad"], &json!([user(2, "", json!({}))]));
    assert!(
        ran.status == 1 && ran.out.contains("object 1") && ran.err.contains("nothing was imported"),
        "{ran:?}"
    );
}

#[test]
fn an_update_takes_over_what_changed_there_and_leaves_what_was_changed_here() {
    let folder = Folder::new();
    let first = json!([
        user(1, "ada", json!({"first_name": "Ada", "email": "ada@example.org"})),
        user(2, "bob", json!({})),
        user(3, "eve", json!({})),
        user(4, "mal", json!({})),
        user(5, "zoe", json!({})),
    ]);
    imported(&folder, &[], &first);
    let server = folder.serve(&[]);
    // Each sign-in hashes the password anew.
    let pairs = ["ada", "bob", "eve", "mal", "zoe"].map(|name| server.sign_in(name, "correct horse"));
    folder.run(&["user", "set", "ada", "name=By Hand", r#"roles:=["editor"]"#]).done();
    folder.run(&["user", "disable", "zoe"]).done();

    let second = json!([
        user(
            1,
            "countess",
            json!({"first_name": "Augusta", "email": "augusta@example.org", "is_staff": true})
        ),
        user(2, "bob", json!({"is_active": false})),
        user(3, "eve", json!({"password": OTHER_HASH})),
        user(4, "mal", json!({})),
        user(5, "zoe", json!({})),
        user(6, "new", json!({})),
    ]);
    // Without being asked, nothing changes.
    let plain = imported(&folder, &[], &second);
    assert_eq!((&plain["imported"], plain["skipped"].as_array().map(Vec::len)), (&1.into(), Some(5)));
    show(&folder, "ada");

    let report = imported(&folder, &["--update"], &second);
    assert_eq!(report["updated"], json!(["countess", "bob", "eve"]));
    assert_eq!(report["skipped"], json!(["mal", "zoe", "new"]));
    assert_eq!(report["sessions_ended"], 2);
    let ada = show(&folder, "countess");
    assert_eq!((&ada["subject"], &ada["email"]), (&"1".into(), &"augusta@example.org".into()));
    let attributes = &ada["attributes"];
    assert_eq!((&attributes["name"], &attributes["roles"]), (&"By Hand".into(), &json!(["editor"])));
    assert_eq!((&attributes["given_name"], &attributes["is_staff"]), (&"Augusta".into(), &true.into()));
    folder.run(&["user", "show", "ada"]).refused();
    assert_eq!(show(&folder, "zoe")["status"], "disabled", "only a change there lets her in again");

    let statuses = pairs.map(|pair| server.refresh(&pair["refresh"]).0);
    assert_eq!(statuses, [200, 401, 401, 200, 401]);
    server.sign_in("countess", "correct horse");

    // The same once more changes nothing.
    let again = imported(&folder, &["--update"], &second);
    assert_eq!((&again["updated"], &again["sessions_ended"]), (&json!([]), &0.into()));
}

#[test]
fn users_may_swap_their_names_and_leave_one_to_somebody_new() {
    let folder = Folder::new();
    let dump = |names: &[(u32, &str)]| -> Value {
        names.iter().map(|(pk, name)| user(*pk, name, json!({}))).collect()
    };
    imported(&folder, &[], &dump(&[(1, "ada"), (2, "bob"), (3, "cy")]));
    let report = imported(&folder, &["--update"], &dump(&[(1, "bob"), (2, "ada"), (3, "dot"), (4, "cy")]));
    assert_eq!((&report["imported"], &report["updated"]), (&1.into(), &json!(["bob", "ada", "dot"])));
    let subjects = ["ada", "bob", "dot", "cy"].map(|name| show(&folder, name)["subject"].clone());
    assert_eq!(subjects, ["2", "1", "3", "4"]);

    folder.add_user("taken", "hers");
    let ran = import(&folder, &["--update"], &dump(&[(1, "taken"), (2, "bob")]));
    assert!(ran.status == 1 && ran.err.contains("object 1: another user taken already exists"), "{ran:?}");
    // The one that is left out keeps the name that another wanted.
    let ran = import(&folder, &["--update", "--skip-bad"], &dump(&[(1, "taken"), (2, "bob"), (3, "dora")]));
    assert!(ran.out.contains("object 1") && ran.out.contains("object 2"), "{ran:?}");
    let subjects = ["ada", "bob", "dora"].map(|name| show(&folder, name)["subject"].clone());
    assert_eq!(subjects, ["2", "1", "3"]);
}

#[test]
fn an_import_never_takes_over_a_user_who_is_there() {
    let folder = Folder::new();
    folder.add_user("ada", "hers");
    for arguments in [&[][..], &["--update"]] {
        let ran = import(&folder, arguments, &json!([user(2, "eve", json!({})), user(1, "ada", json!({}))]));
        assert_eq!(ran.status, 1);
        assert!(ran.err.contains("object 2: another user ada already exists"), "{}", ran.err);
        folder.run(&["user", "show", "eve"]).refused();
    }
}

#[test]
fn a_dump_is_read_in_each_form_or_the_message_names_the_form() {
    let folder = Folder::new();
    let read = |name: &str, bytes: &[u8]| {
        let file = folder.file(name, bytes);
        let ran = folder.run(&["user", "import", "django", &file]);
        assert!(!ran.out.contains(OF_HASH) && !ran.err.contains(OF_HASH), "{ran:?}");
        ran
    };
    let lines = format!("{}\r\n{}\r\n", user(1, "one", json!({})), user(2, "two", json!({})));
    read("users.jsonl", lines.as_bytes()).done();
    let text = json!([user(3, "üç", json!({"groups": [["staff"], ["eng"]]}))]).to_string();
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    read("utf16.json", &utf16).done();
    assert_eq!(show(&folder, "üç")["attributes"]["groups"], json!(["staff", "eng"]));
    let ran = read("numbers.json", json!([user(4, "dört", json!({"groups": [9]}))]).to_string().as_bytes());
    assert!(ran.status == 0 && ran.err.contains("--natural-foreign"), "{ran:?}");

    let mut natural = user(5, "beş", json!({}));
    natural.as_object_mut().expect("an object").remove("pk");
    let row = format!("5,{HASH},,f,ada,,,,f,t,2024-01-01");
    for (name, text, said) in [
        ("natural.json", json!([natural]).to_string(), "--natural-primary"),
        ("users.xml", "<?xml version=\"1.0\"?><django-objects/>".to_owned(), "this is XML"),
        ("users.yaml", "- model: auth.user\n  pk: 1\n".to_owned(), "this is YAML"),
        ("users.sql", "COPY public.auth_user (id) FROM stdin;\n".to_owned(), "this is SQL"),
        ("users.csv", format!("id,password,username\n1,{HASH},ada\n"), "jeton user import csv"),
        ("headless.csv", row, "jeton user import csv"),
        ("noise.json", format!("Loading .env\n[{}]", user(1, "x", json!({}))), "--output FILE"),
        ("broken.json", format!("[{}", user(1, "x", json!({}))), "it ends too early"),
        ("empty.json", String::new(), "the file is empty"),
        ("other.json", json!([{"username": "ada"}]).to_string(), "not what dumpdata writes"),
    ] {
        let refused = read(name, text.as_bytes()).refused();
        assert!(refused.contains(said), "{name}: {refused}");
    }
}

#[test]
fn a_table_is_read_as_psql_and_spreadsheets_write_it_or_the_message_says_what_is_missing() {
    let folder = Folder::new();
    let read = |text: &str, arguments: &[&str]| {
        let file = folder.file("users.csv", text);
        let ran = folder.run(&[&["user", "import", "csv", &file], arguments].concat());
        assert!(!ran.out.contains(OF_HASH) && !ran.err.contains(OF_HASH), "{ran:?}");
        ran
    };
    let of_django = format!(
        "id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined\r\n\
         7,{HASH},,t,ada,Ada,Lovelace,ada@example.org,t,t,2024-01-01 00:00:00+00\r\n\
         8,{HASH},,f,bob,,,,f,f,2024-01-01 00:00:00+00\r\n"
    );
    read(&of_django, &[]).done();
    let ada = show(&folder, "ada");
    assert_eq!((&ada["subject"], &ada["role"]), (&"7".into(), &"owner".into()));
    assert_eq!(
        (&ada["attributes"]["name"], &ada["attributes"]["is_staff"]),
        (&"Ada Lovelace".into(), &true.into())
    );
    assert_eq!(show(&folder, "bob")["status"], "disabled");

    let ran = read(
        &format!("email;password;id;phone\n\"c@example.org\";{HASH};9;1\n"),
        &["--username-field", "email"],
    );
    assert!(ran.status == 0 && ran.err.contains("ignored the columns phone"), "{ran:?}");
    assert_eq!(show(&folder, "c@example.org")["email"], "c@example.org");
    read(&format!("username\tpassword_hash\nd\t{HASH}\n"), &[]).done();

    for (text, said) in [
        (format!("7,{HASH},,t,ada,Ada,Lovelace,,t,t,2024\n"), "the header line is missing"),
        (format!("7\t{HASH}\t\\N\tt\tada\n"), "the header line is missing"),
        (format!("id,password,email\n7,{HASH},x@example.org\n"), "--username-field email"),
        (format!("username,passwrd\nada,{HASH}\n"), "has username, passwrd"),
        (json!([user(1, "ada", json!({}))]).to_string(), "this is JSON"),
        (String::new(), "the file is empty"),
    ] {
        let refused = read(&text, &[]).refused();
        assert!(refused.contains(said), "{refused}");
    }
    let ran = read(&format!("username,password_hash,active\nf,{HASH},perhaps\ng,{HASH}\n"), &[]);
    assert!(ran.err.contains("line 2: `active` is neither true nor false"), "{ran:?}");
    assert!(ran.err.contains("line 3: it has 2 columns, but the header line has 3"), "{ran:?}");
}

#[test]
fn users_come_from_csv_and_json() {
    let folder = Folder::new();
    let csv = format!(
        "username,password_hash,email,active,admin,key\nada,{HASH},ada@example.org,true,1,7\n\"b, o b\",!,,no,,\n"
    );
    let csv = folder.file("users.csv", csv);
    folder.run(&["user", "import", "csv", &csv]).done();
    assert_eq!(show(&folder, "ada")["subject"], "7");
    assert_eq!(show(&folder, "b, o b")["status"], "disabled");

    let json = json!([{"username": "eve", "password_hash": HASH, "key": 9, "active": true}]).to_string();
    folder.run_reading(&["user", "import", "json", "-"], json.as_bytes()).done();
    assert_eq!(show(&folder, "eve")["imported_key"], "9");
    let lines = format!(
        "{}\n{}\n",
        json!({"username": "f", "password": HASH}),
        json!({"username": "g", "password": ""})
    );
    let ran = folder.run_reading(&["user", "import", "json", "-", "--json"], lines.as_bytes()).json();
    assert_eq!((&ran["imported"], &ran["without_password"][0]["username"]), (&2.into(), &"g".into()));

    // Users without a key are known again by their names.
    let changed = json!([{"username": "f", "password": HASH, "email": "f@example.org"}]).to_string();
    let ran =
        folder.run_reading(&["user", "import", "json", "-", "--update", "--json"], changed.as_bytes()).json();
    assert_eq!(ran["updated"], json!(["f"]));
    let typo = json!([{"username": "h", "pasword": HASH}]).to_string();
    let refused = folder.run_reading(&["user", "import", "json", "-"], typo.as_bytes());
    assert!(refused.status == 1 && refused.err.contains("unknown member `pasword`"), "{refused:?}");
}

#[test]
fn names_that_look_alike_are_imported_as_they_are_and_listed_and_no_new_one_is_added() {
    let folder = Folder::new();
    let ran = import(
        &folder,
        &[],
        &json!([user(1, "Ada", json!({})), user(2, "ada", json!({})), user(3, "bob", json!({}))]),
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.err.contains("note: Ada, ada look alike: each user signs in with exactly this name"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("bob"), "{ran:?}");
    let ran = import(&folder, &[], &json!([user(4, "BOB", json!({}))]));
    assert!(ran.err.contains("note: BOB, bob look alike"), "{ran:?}");
    let refused = folder.run_reading(&["user", "add", "\u{c1}da", "--password-stdin"], b"lace");
    assert_eq!(refused.status, 0, "another letter is another name: {refused:?}");
    let refused = folder.run_reading(&["user", "add", "a\u{301}DA", "--password-stdin"], b"lace");
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.err.contains("error[username_similar]: user \u{c1}da already exists"), "{refused:?}");
}

//! What `manage.py dumpdata` writes: objects of many models, of which one is the user model.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{Raw, Rows, text};
use crate::output::printable;

/// An object of a dump.
struct Object {
    place: String,
    model: String,
    pk: Option<Value>,
    fields: Map<String, Value>,
}

/// The users of a dump: the objects of this model alone, whatever others look like.
pub(super) fn rows(text: &str, model: &str, username_field: &str) -> Result<Rows, String> {
    let objects: Vec<Object> = text::objects(text)?.into_iter().map(object).collect::<Result<_, _>>()?;
    // Django writes labels of models in small letters, and AUTH_USER_MODEL often has capitals.
    let model = model.to_lowercase();
    let is_user = |object: &&Object| object.model == model;
    if !objects.is_empty() && !objects.iter().any(|object| is_user(&object)) {
        return Err(no_users(&objects, &model));
    }
    check_fields(objects.iter().filter(is_user), username_field, &model)?;
    let names = group_names(&objects);
    let mut unnamed_groups = false;
    let rows = objects.iter().filter(is_user).map(|object| {
        let groups = groups(object, &names);
        unnamed_groups |= matches!(groups, Groups::Numbers);
        (object.place.clone(), raw(object, username_field, groups))
    });
    let rows = rows.collect();
    let notes = unnamed_groups.then(|| {
        "the groups are numbers, and the file does not say what they are called: they are not imported; `manage.py dumpdata auth.group \
         …` beside the users, or --natural-foreign, names them"
            .to_owned()
    });
    Ok(Rows { rows, notes: notes.into_iter().collect() })
}

fn object((place, value): (String, Value)) -> Result<Object, String> {
    let Value::Object(mut object) = value else {
        return Err(format!("{place} is not an object, so this is not what dumpdata writes"));
    };
    match (object.remove("model"), object.remove("fields")) {
        (Some(Value::String(model)), Some(Value::Object(fields))) => {
            let pk = object.remove("pk").filter(|pk| !pk.is_null());
            Ok(Object { place, model: model.to_lowercase(), pk, fields })
        }
        _ => Err(format!("{place} has no `model` and `fields`, so this is not what dumpdata writes")),
    }
}

/// What to do about a dump without users: the model is probably one that has passwords.
fn no_users(objects: &[Object], model: &str) -> String {
    let models = |is: &dyn Fn(&&Object) -> bool| -> Vec<String> {
        let models: BTreeSet<_> = objects.iter().filter(is).map(|object| printable(&object.model)).collect();
        models.into_iter().collect()
    };
    let with_password = models(&|object| object.fields.contains_key("password"));
    let model = printable(model);
    if with_password.is_empty() {
        return format!("it has no {model}, but {}", models(&|_| true).join(", "));
    }
    format!(
        "it has no {model}: name the project's AUTH_USER_MODEL, such as --model {}",
        with_password.join(" or --model ")
    )
}

/// What is wrong with all users alike is said once.
fn check_fields<'o>(
    mut users: impl Iterator<Item = &'o Object> + Clone,
    username_field: &str,
    model: &str,
) -> Result<(), String> {
    let Some(first) = users.next() else { return Ok(()) };
    let none_has = |has: &dyn Fn(&Object) -> bool| !has(first) && !users.clone().any(has);
    if none_has(&|user| user.pk.is_some()) {
        return Err(
            "the users have no pk, which tokens call them by: the file was written with --natural-primary; write it without".to_owned(),
        );
    }
    if none_has(&|user| user.fields.contains_key(username_field)) {
        let texts = first.fields.iter().filter(|(name, value)| value.is_string() && *name != "password");
        let names: Vec<_> = texts.map(|(name, _)| printable(name)).collect();
        return Err(format!(
            "{} has no field `{}`: set --username-field to the model's USERNAME_FIELD, one of {}",
            printable(model),
            printable(username_field),
            names.join(", ")
        ));
    }
    Ok(())
}

/// What the groups of the dump are called, by their primary keys.
fn group_names(objects: &[Object]) -> HashMap<String, String> {
    objects
        .iter()
        .filter(|object| object.model == "auth.group")
        .filter_map(|group| {
            let name = group.fields.get("name")?.as_str()?.to_owned();
            Some((group.pk.as_ref()?.to_string(), name))
        })
        .collect()
}

/// The groups of a user.
enum Groups {
    /// The model knows none.
    Absent,
    /// Their names.
    Named(Vec<Value>),
    /// Numbers that nothing names.
    Numbers,
}

fn groups(user: &Object, names: &HashMap<String, String>) -> Groups {
    let Some(Value::Array(listed)) = user.fields.get("groups") else { return Groups::Absent };
    let name = |group: &Value| match group {
        // A natural key.
        Value::Array(key) => key.first().filter(|name| name.is_string()).cloned(),
        group => names.get(&group.to_string()).map(|name| Value::from(name.as_str())),
    };
    listed.iter().map(name).collect::<Option<_>>().map_or(Groups::Numbers, Groups::Named)
}

fn raw(object: &Object, username_field: &str, groups: Groups) -> Result<Raw, String> {
    let fields = &object.fields;
    let pk = object.pk.clone().ok_or("there is no pk, which tokens call the user by")?;
    let username = match fields.get(username_field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null) | None => String::new(),
        Some(_) => return Err(format!("`{}` is not a text", printable(username_field))),
    };
    let flag = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(*truth)),
        Some(_) => Err(format!("`{name}` is neither true nor false")),
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let password_hash = match fields.get("password") {
        Some(Value::String(hash)) => hash.clone(),
        None | Some(Value::Null) => String::new(),
        Some(_) => return Err("`password` is not a text".to_owned()),
    };
    let (staff, superuser) = (flag("is_staff")?, flag("is_superuser")?);
    let mut attributes = attributes(text("first_name"), text("last_name"), text("name"), staff, superuser);
    if let Groups::Named(names) = groups {
        attributes.insert("groups".to_owned(), names.into());
    }
    Ok(Raw {
        username,
        password_hash,
        email: text("email").map(str::to_owned),
        active: flag("is_active")?,
        admin: superuser,
        key: Some(pk),
        attributes,
    })
}

/// What Django's own fields are called among the attributes of a user: OpenID Connect's names for names, Django's for rights. `None`
/// is a field that the model does not have.
pub(super) fn attributes(
    first: Option<&str>,
    last: Option<&str>,
    whole: Option<&str>,
    is_staff: Option<bool>,
    is_superuser: Option<bool>,
) -> Map<String, Value> {
    let mut attributes = Map::new();
    let said = |text: &str| if text.trim().is_empty() { Value::Null } else { text.trim().into() };
    if let Some(first) = first {
        attributes.insert("given_name".to_owned(), said(first));
    }
    if let Some(last) = last {
        attributes.insert("family_name".to_owned(), said(last));
    }
    if whole.is_some() || first.is_some() || last.is_some() {
        let of_parts = format!("{} {}", first.unwrap_or_default().trim(), last.unwrap_or_default().trim());
        attributes.insert("name".to_owned(), said(whole.unwrap_or(&of_parts)));
    }
    for (name, flag) in [("is_staff", is_staff), ("is_superuser", is_superuser)] {
        if let Some(flag) = flag {
            attributes.insert(name.to_owned(), flag.into());
        }
    }
    attributes
}

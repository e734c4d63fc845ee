//! Reading a case's fields, and saying what differs.

use std::fmt::Debug;

use serde_json::Value;

/// `Err` is the first difference, or what is wrong with the case itself.
pub type Outcome = Result<(), String>;

/// The field, which must be there.
pub fn field<'a>(value: &'a Value, name: &str) -> Result<&'a Value, String> {
    value
        .get(name)
        .ok_or_else(|| format!("the case has no `{name}`"))
}

/// The field, a whole number that fits.
pub fn number<T: TryFrom<i64>>(value: &Value, name: &str) -> Result<T, String> {
    as_number(field(value, name)?).map_err(|error| format!("`{name}`: {error}"))
}

/// The value, a whole number that fits.
pub fn as_number<T: TryFrom<i64>>(value: &Value) -> Result<T, String> {
    let number = value.as_i64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("{value} is no such number"))
}

/// The field, a text.
pub fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    as_text(field(value, name)?).map_err(|error| format!("`{name}`: {error}"))
}

/// The value, a text.
pub fn as_text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

/// The field, a list.
pub fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    as_list(field(value, name)?).map_err(|error| format!("`{name}`: {error}"))
}

/// The value, a list.
pub fn as_list(value: &Value) -> Result<&[Value], String> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| format!("{value} is no list"))
}

/// The fields of an object by name.
pub fn entries<'a>(
    value: &'a Value,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, String> {
    let object = field(value, name)?.as_object();
    object
        .map(|object| object.iter())
        .ok_or_else(|| format!("`{name}` is no object"))
}

/// The field when it is there and a text.
pub fn optional_text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(Into::into)
}

/// Whether the field is there and true.
pub fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// Compares what Kafka computed with what the engine did.
pub fn expect_eq<T: PartialEq + Debug>(what: &str, expected: &T, actual: &T) -> Outcome {
    if expected == actual {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, got {actual:?}"))
    }
}

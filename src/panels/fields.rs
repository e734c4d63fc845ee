use web_sys::{FormData, HtmlFormElement};
use yew::prelude::*;

/// A field with its label: `control` is given the id that the label names.
pub(super) fn field(
    id: impl Into<AttrValue>,
    label: &str,
    control: impl FnOnce(AttrValue) -> Html,
) -> Html {
    let id = id.into();
    html! {
        <div class="field">
            <label for={id.clone()}>{ label }</label>
            { control(id) }
        </div>
    }
}

/// A choice among texts, the first one unless another is chosen; the first of
/// each pair is its value.
pub(super) fn choice(
    id: AttrValue,
    name: AttrValue,
    options: &[(String, String)],
    chosen: Option<&str>,
) -> Html {
    let first = options.first().map(|(value, _)| value.as_str());
    let chosen = chosen.or(first);
    html! {
        <select {id} {name}>
            { for options.iter().map(|(value, text)| html! {
                <option key={value.clone()} value={value.clone()} selected={chosen == Some(value.as_str())}>{ text }</option>
            }) }
        </select>
    }
}

/// Topics as the options of a choice.
pub(super) fn topics_as_options(topics: &[String]) -> Vec<(String, String)> {
    topics
        .iter()
        .map(|topic| (topic.clone(), topic.clone()))
        .collect()
}

/// Hands a submitted form's fields to `read`, and its result on.
pub(super) fn on_submit<T: 'static>(
    done: Callback<Result<T, String>>,
    read: impl Fn(&dyn Fn(&str) -> String) -> Result<T, String> + 'static,
) -> Callback<SubmitEvent> {
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        let form: HtmlFormElement = event.target_unchecked_into();
        let Ok(data) = FormData::new_with_form(&form) else {
            return;
        };
        let fields = |name: &str| data.get(name).as_string().unwrap_or_default();
        done.emit(read(&fields));
    })
}

/// A form that is filled in like this, for tests: what is not named is empty.
#[cfg(test)]
pub(super) fn filled_in(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> String {
    move |name| {
        let field = pairs.iter().find(|(field, _)| *field == name);
        field
            .map(|(_, value)| (*value).to_owned())
            .unwrap_or_default()
    }
}

use wasm_bindgen::JsCast;
use web_sys::{Element, FormData, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement};
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

/// Some of several, the first unless others are chosen; what is read of them is
/// those chosen, with commas between.
pub(super) fn checks(id: &str, legend: &str, name: &str, options: &[String]) -> Html {
    html! {
        <fieldset id={id.to_owned()} class="field checks">
            <legend>{ legend }</legend>
            if options.is_empty() {
                <span class="note">{ "There is none yet." }</span>
            }
            { for options.iter().enumerate().map(|(place, option)| html! {
                <label key={option.clone()}>
                    <input type="checkbox" name={name.to_owned()} value={option.clone()} ~defaultChecked={place == 0} />
                    { option }
                </label>
            }) }
        </fieldset>
    }
}

/// What has forms whose fields with `data-once` say again what they said at first when
/// one more form was carried out: what stands there may not be given twice. What
/// was refused stays as it was typed.
#[hook]
pub(super) fn use_clearing(sent: u32) -> NodeRef {
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with(sent, move |_| {
            if let Some(place) = place.cast::<Element>() {
                clear(&place);
            }
        });
    }
    place
}

fn clear(place: &Element) {
    let Ok(fields) = place.query_selector_all("[data-once]") else {
        return;
    };
    for place in 0..fields.length() {
        let Some(field) = fields.item(place) else {
            continue;
        };
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.set_value(&input.default_value());
        }
        if let Some(lines) = field.dyn_ref::<HtmlTextAreaElement>() {
            lines.set_value(&lines.default_value().unwrap_or_default());
        }
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
        // Of several that are chosen under one name all, with commas between.
        let fields = |name: &str| {
            let chosen = data.get_all(name);
            let chosen: Vec<String> = chosen.iter().filter_map(|it| it.as_string()).collect();
            chosen.join(",")
        };
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

use super::*;
use crate::values::Value;

#[test]
fn a_name_of_a_step_is_stronger_than_what_was_made_before() {
    let mut scope = Scope::new();
    let made = LazyValue::map([("a", LazyValue::new(|| Value::from("made")))]);
    scope.bind_made("before", made);
    let expression = Expression::new("before.a");
    assert_eq!(scope.eval(&expression).unwrap(), Some(Value::from("made")));
    let mut step = scope.inner();
    step.bind("before", Some(&Value::from("the step's own")));
    let own = step.eval(&Expression::new("before")).unwrap();
    assert_eq!(own, Some(Value::from("the step's own")));
    assert_eq!(scope.eval(&expression).unwrap(), Some(Value::from("made")));
}

#[test]
fn an_expression_says_which_places_it_looks_at() {
    for (source, places) in [
        ("values.a.b == 'x'", "a.b"),
        ("has(values.a) && has(values.a.b)", "a, a.b"),
        ("default(values.a.b, values.c) + other.d", "a.b, c"),
        (
            "default(values.env, []).exists(e, has(e.name) && e.name == values.n)",
            "env, n",
        ),
        ("union([values.a.b + ':' + string(values.c)], [])", "a.b, c"),
        ("{'k': values.a}", "a"),
        ("size(values)", ""),
        ("values['a'].b", "a.b"),
        ("1 + 1", "nothing"),
    ] {
        let found = Expression::new(source).places_below("values").unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let found = match found.is_empty() {
            true => "nothing".to_owned(),
            false => found.join(", "),
        };
        assert_eq!(found, places, "{source}");
    }
    let text = "{values.a} and {values.b.c}";
    assert_eq!(template_places(text, "values").unwrap().len(), 2);
}

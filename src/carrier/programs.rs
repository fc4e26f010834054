//! Programs that deploy charts: Terraform's `helm_release` and Pulumi's `helm.v3.Release`, `helm.v3.Chart` and
//! `helm.v4.Chart`.
//!
//! refit edits no program. It tells which chart and version one names, where both are written out as texts; what a
//! program computes is not known here and not guessed. So no grammar is needed: strings, comments and brackets are
//! told apart, and in the brackets of a release the few fields that count are looked for. Nothing here goes deeper
//! with the text's own depth, whatever a stranger's file holds (a full parser of such a language recurses).

use std::path::Path as FilePath;

use super::chart::ChartSource;
use super::model::Elsewhere;

/// Finds the releases in a program. `path` says the language.
#[must_use]
pub fn find(path: &FilePath, text: &str) -> Vec<Elsewhere> {
    let is_terraform = path.extension().is_some_and(|end| end == "tf");
    let tokens = tokens(text, is_terraform);
    match is_terraform {
        true => terraform(&tokens),
        false => pulumi(&tokens),
    }
}

/// A piece of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ProgramToken<'t> {
    /// A name, with dots in it.
    Word(&'t str),
    /// A string with nothing to be computed in it.
    Text(&'t str),
    /// A string with computed parts, or one over several lines.
    Computed,
    /// Any other character.
    Sign(char),
}

/// The pieces of a program with their places; comments and white space are left out.
fn tokens(text: &str, is_terraform: bool) -> Vec<(usize, ProgramToken<'_>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let line = rest.find('\n').unwrap_or(rest.len());
        let start = at;
        at += match c {
            // Python's and Terraform's comments; in the other languages `#` begins no string.
            '#' => line,
            '/' if rest.starts_with("//") => line,
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '<' if is_terraform && rest.starts_with("<<") => {
                tokens.push((start, ProgramToken::Computed));
                heredoc(rest)
            }
            '"' | '\'' | '`' => {
                let (length, token) = string(rest, c);
                tokens.push((start, token));
                length
            }
            c if c.is_alphanumeric() || c == '_' => {
                let part = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
                let end = rest.find(part).unwrap_or(rest.len());
                tokens.push((start, ProgramToken::Word(&rest[..end])));
                end
            }
            c if c.is_whitespace() => c.len_utf8(),
            c => {
                tokens.push((start, ProgramToken::Sign(c)));
                c.len_utf8()
            }
        };
    }
    tokens
}

/// The length of a string, and its text.
fn string(rest: &str, quote: char) -> (usize, ProgramToken<'_>) {
    let long = quote.to_string().repeat(3);
    if quote != '`' && rest.starts_with(&long) {
        let end = rest[3..].find(&long).map_or(rest.len(), |end| end + 6);
        return (end, ProgramToken::Computed);
    }
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => {
                let inner = &rest[1..i];
                let is_plain = !inner.contains(['\\', '\n']) && !inner.contains("${");
                let token = if is_plain {
                    ProgramToken::Text(inner)
                } else {
                    ProgramToken::Computed
                };
                return (i + 1, token);
            }
            // An apostrophe in what only looks like a string.
            '\n' if quote != '`' => return (1, ProgramToken::Sign(quote)),
            _ => {}
        }
    }
    (1, ProgramToken::Sign(quote))
}

/// The length of Terraform's text between `<<NAME` (or `<<-NAME`) and a line with `NAME`.
fn heredoc(rest: &str) -> usize {
    let first = rest.lines().next().unwrap_or_default();
    let name = first.trim_start_matches(['<', '-', '~']).trim();
    let mut at = first.len() + 1;
    for line in rest.lines().skip(1) {
        if line.trim() == name {
            return at;
        }
        at += line.len() + 1;
    }
    rest.len()
}

/// The fields of the bracket that opens at a place: the texts that stand behind a name and `=` or `:` directly in it,
/// or in brackets of it. `None` for a name whose value is computed.
fn fields<'t>(
    tokens: &[(usize, ProgramToken<'t>)],
    open: usize,
) -> Vec<(usize, &'t str, Option<&'t str>, usize)> {
    let mut fields = Vec::new();
    let mut depth = 0;
    for (i, (offset, token)) in tokens.iter().enumerate().skip(open) {
        match token {
            ProgramToken::Sign('{' | '(' | '[') => depth += 1,
            ProgramToken::Sign('}' | ')' | ']') => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ProgramToken::Word(name) => {
                let Some((_, ProgramToken::Sign('=' | ':'))) = tokens.get(i + 1) else {
                    continue;
                };
                let mut value = i + 2;
                // Go's `pulumi.String("x")`.
                if let (Some((_, ProgramToken::Word(word))), Some((_, ProgramToken::Sign('(')))) =
                    (tokens.get(value), tokens.get(value + 1))
                    && word.starts_with("pulumi.String")
                {
                    value += 2;
                }
                let text = match tokens.get(value) {
                    Some((_, ProgramToken::Text(text))) => Some(*text),
                    _ => None,
                };
                fields.push((depth, *name, text, *offset));
            }
            _ => {}
        }
    }
    fields
}

/// A release by its fields, if they name the chart.
fn release(
    title: String,
    fields: &[(usize, &str, Option<&str>, usize)],
    repository: &str,
) -> Option<Elsewhere> {
    let named = |wanted: &str| {
        let mut fields = fields.iter();
        fields.find(|(_, name, ..)| name.eq_ignore_ascii_case(wanted))
    };
    let text = |wanted: &str| named(wanted).and_then(|(_, _, text, _)| *text);
    let (_, _, chart, offset) = named("chart")?;
    let chart = (*chart)?;
    let chart = match text(repository) {
        Some(url) if !chart.contains("://") => ChartSource::named(chart, Some(url)),
        _ => ChartSource::of_text(chart),
    };
    Some(Elsewhere {
        title,
        chart,
        version: text("version").map(str::to_owned),
        offset: *offset,
    })
}

/// `resource "helm_release" "NAME" { … }`.
fn terraform(tokens: &[(usize, ProgramToken<'_>)]) -> Vec<Elsewhere> {
    let mut found = Vec::new();
    for (i, window) in tokens.windows(4).enumerate() {
        let [
            (_, ProgramToken::Word("resource")),
            (_, ProgramToken::Text("helm_release")),
            (_, ProgramToken::Text(name)),
            (_, ProgramToken::Sign('{')),
        ] = window
        else {
            continue;
        };
        let mut fields = fields(tokens, i + 3);
        // `set { name = …; value = … }` has fields of its own.
        fields.retain(|(depth, ..)| *depth == 1);
        let title = format!("Terraform helm_release {name}");
        found.extend(release(title, &fields, "repository"));
    }
    found
}

/// A call of one of Pulumi's resources for charts, in any of its languages.
fn pulumi(tokens: &[(usize, ProgramToken<'_>)]) -> Vec<Elsewhere> {
    let mut found = Vec::new();
    for (i, window) in tokens.windows(2).enumerate() {
        let [(_, ProgramToken::Word(word)), (_, ProgramToken::Sign('('))] = window else {
            continue;
        };
        let is_helm = word.to_ascii_lowercase().contains("helm");
        let last = word.rsplit('.').next().unwrap_or(word);
        let is_resource = matches!(last, "Release" | "Chart" | "NewRelease" | "NewChart");
        // After an import by name nothing says `helm` before the name (`new Release(…)`).
        if !(is_resource && (is_helm || *word == last)) {
            continue;
        }
        let fields = fields(tokens, i + 1);
        let mut behind = tokens[i + 2..].iter();
        let name = behind.find_map(|(_, token)| match token {
            ProgramToken::Text(text) => Some(*text),
            _ => None,
        });
        let title = format!("Pulumi {last} {}", name.unwrap_or("(unnamed)"));
        found.extend(release(title, &fields, "repo"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The charts that are found: title, chart, repository, version, line.
    fn said(path: &str, text: &str) -> Vec<String> {
        let found = find(FilePath::new(path), text);
        let lines = found.iter().map(|one| {
            let line = text[..one.offset].lines().count();
            format!(
                "{}: {} from {} at {}, line {line}",
                one.title,
                one.chart.name().unwrap_or("?"),
                one.chart.repository().unwrap_or_default(),
                one.version.as_deref().unwrap_or("?"),
            )
        });
        lines.collect()
    }

    #[test]
    fn terraform_names_its_releases() {
        let text = r#"
# resource "helm_release" "old" { chart = "arroyo" }
resource "helm_release" "streams" {
  name       = "streams"   // as in the cluster
  repository = "https://charts.gull.example"
  chart      = "arroyo"
  version    = "0.10.3"
  values = [<<-EOT
    chart: "none"
    }
  EOT
  , file("values.yaml")]
  set {
    name  = "chart"
    value = "x"
    version = "9"
  }
}
resource "helm_release" "from_registry" {
  chart   = "oci://reg.gull.example/charts/traefik"
  version = var.traefik
}
resource "helm_release" "computed" { chart = "${path.module}/chart" }
resource "kubernetes_namespace" "other" { chart = "arroyo" }
"#;
        assert_eq!(
            said("main.tf", text),
            [
                "Terraform helm_release streams: arroyo from charts.gull.example at 0.10.3, line 6",
                "Terraform helm_release from_registry: traefik from reg.gull.example/charts at ?, line 20",
            ]
        );
    }

    #[test]
    fn pulumi_names_its_releases_in_each_language() {
        for (path, text) in [
            (
                "index.ts",
                "new k8s.helm.v3.Release(\"streams\", {\n  // it's kept\n  chart: \"arroyo\",\n  version: '0.10.3',\n  repositoryOpts: { repo: \"https://charts.gull.example\" },\n  values: { version: 3 },\n});\n",
            ),
            (
                "__main__.py",
                "Release(\"streams\",\n  ReleaseArgs(\n    chart=\"arroyo\",\n    version=\"0.10.3\",\n    repository_opts=RepositoryOptsArgs(repo=\"https://charts.gull.example\")))\n",
            ),
            (
                "main.go",
                "helm.NewRelease(ctx, \"streams\", &helm.ReleaseArgs{\n\n  Chart: pulumi.String(\"arroyo\"),\n  Version: pulumi.String(\"0.10.3\"),\n  RepositoryOpts: helm.RepositoryOptsArgs{Repo: pulumi.String(\"https://charts.gull.example\")},\n})\n",
            ),
        ] {
            let said = said(path, text);
            let [one] = &said[..] else {
                panic!("{path}: {said:?}")
            };
            assert!(
                one.ends_with("streams: arroyo from charts.gull.example at 0.10.3, line 3"),
                "{one}"
            );
        }
    }

    #[test]
    fn a_text_that_is_no_program_is_no_trouble() {
        for text in [
            "",
            "\"",
            "<<",
            "<<A",
            "/*",
            "'''",
            "helm.Chart(",
            "}}}",
            "resource \"helm_release\" \"a\" {",
        ] {
            assert_eq!(said("main.tf", text), [""; 0], "{text}");
            assert_eq!(said("main.py", text), [""; 0], "{text}");
        }
        let deep = "(".repeat(200_000);
        assert_eq!(said("main.py", &format!("Chart{deep}")), [""; 0]);
    }
}

//! From words to the tree.

use super::{
    MAX_DEPTH, Operand, Pipeline, TemplateNode,
    lex::{Token, read_actions},
};

/// Reads a template. What does not end ends with the text; an `end` without a beginning is skipped.
#[must_use]
pub fn parse(text: &str) -> Vec<TemplateNode> {
    let mut parser = Parser {
        actions: read_actions(text),
        at: 0,
    };
    let mut nodes = Vec::new();
    while parser.at < parser.actions.len() {
        let (part, _) = parser.parse_list(0);
        nodes.extend(part);
    }
    nodes
}

struct Parser {
    actions: Vec<Vec<Token>>,
    at: usize,
}

/// The end of a list of nodes.
enum End {
    /// `{{ end }}`, or the text.
    End,
    /// `{{ else }}`, and what follows it: `if …`, `with …`.
    Else(Vec<Token>),
}

impl Parser {
    fn parse_list(&mut self, depth: usize) -> (Vec<TemplateNode>, End) {
        let mut nodes = Vec::new();
        while let Some(action) = self.actions.get(self.at) {
            let tokens = action.clone();
            self.at += 1;
            let words: &[Token] = trim_spaces(&tokens);
            match words.first() {
                Some(Token::Name(name)) => match name.as_str() {
                    "end" => return (nodes, End::End),
                    "else" => return (nodes, End::Else(trim_spaces(&words[1..]).to_vec())),
                    "break" | "continue" if words.len() == 1 => {}
                    _ => self.parse_node(name, words, depth, &mut nodes),
                },
                Some(_) => nodes.push(TemplateNode::Action(parse_pipeline(words))),
                None => {}
            }
        }
        (nodes, End::End)
    }

    fn parse_node(
        &mut self,
        name: &str,
        words: &[Token],
        depth: usize,
        nodes: &mut Vec<TemplateNode>,
    ) {
        let deeper = depth + 1;
        if deeper > MAX_DEPTH {
            // Taken as one flat text: what is looked at is still seen.
            nodes.push(TemplateNode::Action(parse_pipeline(words)));
            return;
        }
        let rest = || trim_spaces(&words[1..]);
        match name {
            "if" | "with" => {
                let node = self.parse_branch(name == "with", rest(), deeper);
                nodes.push(node);
            }
            "range" => {
                let (each, end) = self.parse_list(deeper);
                let otherwise = self.parse_else(end, deeper);
                nodes.push(TemplateNode::Range {
                    of: parse_pipeline(rest()),
                    each,
                    otherwise,
                });
            }
            "define" | "block" => {
                let name = text_of(rest());
                let with = (name.is_some() && words.len() > 2)
                    .then(|| parse_pipeline(behind_text(rest())));
                let name = name.unwrap_or_default();
                let (body, _) = self.parse_list(deeper);
                nodes.push(TemplateNode::Define {
                    name: name.clone(),
                    body,
                });
                if words.first() == Some(&Token::Name("block".to_owned())) {
                    nodes.push(TemplateNode::Template { name, with });
                }
            }
            "template" => match text_of(rest()) {
                Some(name) => {
                    let with = behind_text(rest());
                    let with = (!with.is_empty()).then(|| parse_pipeline(with));
                    nodes.push(TemplateNode::Template { name, with });
                }
                None => nodes.push(TemplateNode::Action(parse_pipeline(rest()))),
            },
            _ => nodes.push(TemplateNode::Action(parse_pipeline(words))),
        }
    }

    fn parse_branch(&mut self, binds: bool, of: &[Token], depth: usize) -> TemplateNode {
        let of = parse_pipeline(of);
        let (then, end) = self.parse_list(depth);
        let otherwise = self.parse_else(end, depth);
        TemplateNode::Branch {
            binds,
            of,
            then,
            otherwise,
        }
    }

    fn parse_else(&mut self, end: End, depth: usize) -> Vec<TemplateNode> {
        let End::Else(words) = end else {
            return Vec::new();
        };
        match words.first() {
            Some(Token::Name(name)) if (name == "if" || name == "with") && depth < MAX_DEPTH => {
                vec![self.parse_branch(name == "with", trim_spaces(&words[1..]), depth + 1)]
            }
            _ => {
                let (nodes, end) = self.parse_list(depth);
                let mut all = nodes;
                if depth < MAX_DEPTH {
                    all.extend(self.parse_else(end, depth + 1));
                }
                all
            }
        }
    }
}

fn trim_spaces(tokens: &[Token]) -> &[Token] {
    let space = |token: &Token| *token == Token::Space;
    let start = tokens.iter().position(|token| !space(token));
    let end = tokens.iter().rposition(|token| !space(token));
    match (start, end) {
        (Some(start), Some(end)) => &tokens[start..=end],
        _ => &[],
    }
}

fn text_of(tokens: &[Token]) -> Option<String> {
    match tokens.first() {
        Some(Token::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn behind_text(tokens: &[Token]) -> &[Token] {
    trim_spaces(tokens.get(1..).unwrap_or_default())
}

/// A whole pipeline.
fn parse_pipeline(tokens: &[Token]) -> Pipeline {
    let mut at = 0;
    pipeline_at(tokens, &mut at, 0)
}

/// A pipeline up to a closing parenthesis or the end.
fn pipeline_at(tokens: &[Token], at: &mut usize, depth: usize) -> Pipeline {
    let mut pipeline = Pipeline::default();
    let mut command = Vec::new();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token {
            Token::Space | Token::Comma => {}
            Token::Close if depth > 0 => break,
            Token::Close => {}
            Token::Pipe => {
                if !command.is_empty() {
                    pipeline.commands.push(std::mem::take(&mut command));
                }
            }
            Token::Binds => {
                let names = command.drain(..).filter_map(|operand| match operand {
                    Operand::Variable(name, _) => Some(name),
                    _ => None,
                });
                pipeline.variables.extend(names);
            }
            Token::Dot => {
                let fields = parse_fields(tokens, at);
                command.push(Operand::Dot(fields));
            }
            Token::Field(first) => {
                let mut all = vec![first.clone()];
                all.extend(parse_fields(tokens, at));
                command.push(Operand::Dot(all));
            }
            Token::Variable(name) => {
                let fields = parse_fields(tokens, at);
                command.push(Operand::Variable(name.clone(), fields));
            }
            Token::Name(name) => command.push(match name.as_str() {
                "true" | "false" | "nil" => Operand::Constant,
                _ => Operand::Function(name.clone()),
            }),
            Token::Text(text) => command.push(Operand::Text(text.clone())),
            Token::Number(number) => command.push(Operand::Number(number.clone())),
            Token::Constant => command.push(Operand::Constant),
            Token::Open if depth < MAX_DEPTH => {
                let inner = pipeline_at(tokens, at, depth + 1);
                let fields = parse_fields(tokens, at);
                command.push(Operand::Group(Box::new(inner), fields));
            }
            Token::Open => {}
        }
    }
    if !command.is_empty() {
        pipeline.commands.push(command);
    }
    pipeline
}

/// The fields that follow directly: `.a.b`.
fn parse_fields(tokens: &[Token], at: &mut usize) -> Vec<String> {
    let mut fields = Vec::new();
    while let Some(Token::Field(field)) = tokens.get(*at) {
        fields.push(field.clone());
        *at += 1;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(fields: &[&str]) -> Operand {
        Operand::Dot(fields.iter().map(|field| (*field).to_owned()).collect())
    }

    fn one(text: &str) -> Pipeline {
        match parse(text).as_slice() {
            [TemplateNode::Action(pipeline)] => pipeline.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pipelines_variables_groups_and_fields() {
        let read = one("{{- $a, $b := .x.y | default (index $.z `k`).w -3 \"}}\" | quote -}}");
        assert_eq!(read.variables, ["$a", "$b"]);
        assert_eq!(read.commands.len(), 3);
        assert_eq!(read.commands[0], [dot(&["x", "y"])]);
        let [
            Operand::Function(name),
            Operand::Group(group, fields),
            Operand::Number(number),
            Operand::Text(text),
        ] = read.commands[1].as_slice()
        else {
            panic!("{read:?}");
        };
        assert_eq!(number, "-3");
        assert_eq!(
            (name.as_str(), fields.as_slice(), text.as_str()),
            ("default", &["w".to_owned()][..], "}}")
        );
        assert_eq!(
            group.commands,
            [vec![
                Operand::Function("index".to_owned()),
                Operand::Variable("$".to_owned(), vec!["z".to_owned()]),
                Operand::Text("k".to_owned()),
            ]]
        );
        assert_eq!(one("{{ . }}").commands, [vec![dot(&[])]]);
        assert_eq!(one("{{ x .a .b }}").commands[0].len(), 3);
    }

    #[test]
    fn blocks_nest_and_else_chains_are_read() {
        let text = "{{ if .a }}1{{ else if .b }}2{{ else with .c }}{{ .d }}{{ else }}{{ range .e }}{{ . }}{{ end }}{{ end }}{{ .f }}{{/* {{ .g }} */}}";
        let read = parse(text);
        let [
            TemplateNode::Branch { otherwise, .. },
            TemplateNode::Action(last),
        ] = read.as_slice()
        else {
            panic!("{read:?}");
        };
        assert_eq!(last.commands, [vec![dot(&["f"])]]);
        let [
            TemplateNode::Branch {
                otherwise,
                binds: false,
                ..
            },
        ] = otherwise.as_slice()
        else {
            panic!("{otherwise:?}");
        };
        let [
            TemplateNode::Branch {
                binds: true,
                then,
                otherwise,
                ..
            },
        ] = otherwise.as_slice()
        else {
            panic!("{otherwise:?}");
        };
        assert_eq!(then.len(), 1);
        assert!(matches!(otherwise.as_slice(), [TemplateNode::Range { .. }]));
    }

    #[test]
    fn what_is_no_template_is_read_to_its_end() {
        for text in [
            "{{",
            "{{ if",
            "{{ \"",
            "{{ ' }}",
            "{{ ` }}",
            "{{ end }}{{ end }}{{ .a }}",
            "{{/*",
            "{{ ((((",
            "{{ )) }}",
            "{{ $ := }}",
            "{{ else }}{{ else }}",
            "{{ é.ü | ñ }}",
            "{{-}}",
            "{{--}}",
            "{{- -}}",
            "{{ .. }}",
            "{{ template }}{{ block }}{{ define }}",
        ] {
            let _ = parse(text);
        }
        let deep = "{{ if (((.a))) }}".repeat(50_000);
        assert!(!parse(&deep).is_empty());
        let deep = format!("{{{{ {} .a }}}}", "(".repeat(100_000));
        assert!(!parse(&deep).is_empty());
        let many = "{{ else if .a }}".repeat(50_000);
        let _ = parse(&format!("{{{{ if .b }}}}{many}"));
    }
}

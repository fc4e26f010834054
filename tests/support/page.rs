//! Tables of the documentation as data: what a page says in a table is done by tests, row by row.

use std::{fs, path::Path};

/// The rows of the table in `docs/packs.md` with this head. Of a cell with code, the code of all its pieces, one a line;
/// of any other the text.
///
/// # Panics
///
/// If there is no such table, or a row of it has another number of cells.
pub fn table<const N: usize>(head: [&str; N]) -> Vec<[String; N]> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/packs.md");
    let page = fs::read_to_string(page).expect("the page");
    let head = format!("| {} |\n", head.join(" | "));
    let (_, table) = page.split_once(&head).expect("the table");
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let cell = |cell: &str| match cell.contains('`') {
        true => {
            let code: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
            code.join("\n")
        }
        false => cell.trim().to_owned(),
    };
    let cells = |row: &str| -> [String; N] {
        let cells: Vec<String> = row.trim_matches('|').split(" | ").map(cell).collect();
        cells.try_into().expect("the cells of the head")
    };
    rows.map(cells).collect()
}

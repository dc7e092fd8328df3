//! Text in columns. Widths are measured without colour codes. comfy-table would need a second terminal library for
//! that.

use console::{Alignment, measure_text_width, pad_str};

use super::Palette;

/// The space between columns.
const GAP: &str = "  ";

/// Rows under a heading.
pub(super) struct Table {
    columns: Vec<(&'static str, Alignment)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns. A column without heading and content is not shown.
    pub(super) fn new(columns: &[(&'static str, Alignment)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(cells);
    }

    /// The table's lines.
    pub(super) fn render(&self, palette: Palette) -> String {
        let headings: Vec<String> = self.columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = std::iter::once(&headings).chain(&self.rows).filter_map(|row| row.get(column));
                cells.map(|cell| measure_text_width(cell)).max().unwrap_or(0)
            })
            .collect();
        let line = |row: &Vec<String>| -> String {
            let cells = row.iter().zip(&widths).zip(&self.columns).filter(|((_, width), _)| **width > 0);
            let padded: Vec<_> =
                cells.map(|((cell, width), (_, side))| pad_str(cell, *width, *side, None)).collect();
            padded.join(GAP).trim_end().to_owned()
        };
        let mut text = format!("{}\n", palette.faint(line(&headings)));
        for row in &self.rows {
            text.push_str(&line(row));
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_do_not_move_columns_and_empty_columns_are_left_out() {
        let text = |palette: Palette| {
            let mut table =
                Table::new(&[("NODE", Alignment::Left), ("", Alignment::Left), ("KEYS", Alignment::Right)]);
            table.row(vec![palette.good("shop-1"), String::new(), "3".to_owned()]);
            table.row(vec!["shop-10".to_owned(), String::new(), palette.bad(12_345)]);
            table.render(palette)
        };
        insta::assert_snapshot!(text(Palette::new(false)), @"
        NODE      KEYS
        shop-1       3
        shop-10  12345
        ");
        let coloured = text(Palette::new(true));
        assert!(coloured.contains("\u{1b}[31m"), "{coloured:?}");
        assert_eq!(console::strip_ansi_codes(&coloured), text(Palette::new(false)));
    }
}

//! Formats numbers and times for people, and cuts long lines.

/// Returns a number with its noun, such as `1 case` or `2 cases`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Formats a time in microseconds for people, such as `3.20 ms` or `1.20 s`.
pub(super) fn duration(microseconds: u64) -> String {
    let hundredths_of_ms = microseconds / 10;
    if microseconds < 1_000_000 {
        format!(
            "{}.{:02} ms",
            hundredths_of_ms / 100,
            hundredths_of_ms % 100
        )
    } else {
        let hundredths = microseconds / 10_000;
        format!("{}.{:02} s", hundredths / 100, hundredths % 100)
    }
}

/// Returns a text as one line of at most `width` characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= width {
        line
    } else {
        let start: String = line.chars().take(width.saturating_sub(1)).collect();
        format!("{start}…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(counted(1, "case"), "1 case");
        assert_eq!(counted(0, "case"), "0 cases");
        assert_eq!(duration(3_210), "3.21 ms");
        assert_eq!(duration(1_204_000), "1.20 s");
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}

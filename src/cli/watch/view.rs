//! The live view of a run, drawn from what was counted up to a moment.
//!
//! **Invariant:** what is drawn depends on nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style as Paint};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Table};

use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::outputs::escape::visible;
use crate::outputs::output::Style;
use crate::outputs::summary::counted;
use crate::pipeline::watch::file_state::FileState;
use crate::pipeline::watch::meters::{Brief, Snapshot, total};

/// The least height at which more is shown than numbers and files.
const TALL: u16 = 16;
/// The least width at which findings and judgements stand beside each other.
const WIDE: u16 = 160;

/// The most endpoints that are shown.
const ENDPOINTS: usize = 4;

/// What somebody sees.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was counted.
    pub snapshot: Snapshot,
    /// Bytes a second that are read at present.
    pub rate: u64,
    /// How long the run has lasted.
    pub elapsed: Duration,
    /// Whether colours are used.
    pub style: Style,
}

/// Draws everything.
pub fn draw(frame: &mut Frame, seen: &Seen) {
    let area = frame.area();
    let mut lines = numbers(seen);
    if area.height >= TALL {
        lines.extend(endpoints(seen));
    }
    let [head, body, foot] = Layout::vertical([Constraint::Length(lines.len() as u16), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    frame.render_widget(Paragraph::new(lines), head);
    frame.render_widget(Line::styled("q ends the run", Paint::new().add_modifier(Modifier::DIM)), foot);
    if area.height < TALL {
        draw_files(frame, body, seen);
        return;
    }
    let [files, told, messages] = Layout::vertical([Constraint::Fill(2), Constraint::Fill(2), Constraint::Fill(1)]).areas(body);
    let halves = [Constraint::Fill(1); 2];
    let [findings, judgements] = if area.width < WIDE { Layout::vertical(halves) } else { Layout::horizontal(halves) }.areas(told);
    draw_files(frame, files, seen);
    draw_briefs(frame, findings, (" findings ", &seen.snapshot.last_findings), seen.style);
    draw_briefs(frame, judgements, (" judgements ", &seen.snapshot.last_judgements), seen.style);
    let lines: Vec<Line> = seen.snapshot.last_messages.iter().map(|line| Line::raw(visible(line))).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" messages ")), messages);
}

/// The run in two lines.
fn numbers(seen: &Seen) -> Vec<Line<'static>> {
    let Seen { snapshot, rate, elapsed, .. } = seen;
    let lag = snapshot.lag();
    let bold = Paint::new().add_modifier(Modifier::BOLD);
    let problems = total(&snapshot.problems);
    let failing = if snapshot.failing == 0 { String::new() } else { format!(", the last {} failed", counted(snapshot.failing, "step")) };
    let told_after = snapshot.told_after.within(0.99).map_or_else(String::new, |seconds| format!(", 99 % told within {seconds} s"));
    vec![
        Line::from(vec![
            Span::styled("beartrap watch", bold),
            Span::raw(format!(
                "  {}, {}, {} behind by {}, {}/s{told_after}",
                clock(*elapsed),
                counted(lag.followed, "file"),
                lag.files,
                size(lag.bytes),
                size(*rate)
            )),
        ]),
        Line::styled(
            format!(
                "{}, {}, {}, {}, {}{failing}",
                size(snapshot.bytes),
                counted(total(&snapshot.findings), "finding"),
                counted(total(&snapshot.judgements), "judgement"),
                counted(snapshot.uses, "use"),
                counted(problems, "problem")
            ),
            if problems + snapshot.failing > 0 { paint(seen.style, Color::Yellow) } else { Paint::new() },
        ),
    ]
}

/// Each endpoint in a line: what came of attempts, and what stands in the outbox that has not arrived.
fn endpoints(seen: &Seen) -> Vec<Line<'static>> {
    let Seen { snapshot, style, .. } = seen;
    let mut told = BTreeMap::<&str, (Vec<String>, bool)>::new();
    let stands = snapshot.outbox.iter().filter(|((_, state), _)| !matches!(*state, "delivered" | "dropped"));
    let all = snapshot.deliveries.iter().map(|one| (one, "")).chain(stands.map(|one| (one, " in the outbox")));
    for (((endpoint, what), count), place) in all {
        let (counts, is_bad) = told.entry(endpoint).or_default();
        counts.push(format!("{count} {what}{place}"));
        *is_bad |= matches!(*what, "dead" | "held" | "needs_token");
    }
    let line = |(endpoint, (counts, is_bad)): (&str, (Vec<String>, bool))| {
        let paint = if is_bad { paint(*style, Color::Yellow) } else { Paint::new() };
        Line::styled(format!("to {}: {}", visible(endpoint), counts.join(", ")), paint)
    };
    told.into_iter().take(ENDPOINTS).map(line).collect()
}

fn draw_files(frame: &mut Frame, area: Rect, seen: &Seen) {
    let row = |file: &FileState| {
        let at = file.read_at.map_or_else(String::new, |at| at.to_string());
        let cells = [size(file.behind), size(file.read), file.findings.to_string(), file.condition.as_str().to_owned(), at, visible(&file.path)];
        let paint = if file.behind > 0 { paint(seen.style, Color::Yellow) } else { Paint::new() };
        Row::new(cells).style(paint)
    };
    let files = seen.snapshot.files_by_lag();
    let rows = files.iter().take(usize::from(area.height)).map(|file| row(file));
    let widths = [10, 10, 8, 10, 20].map(Constraint::Length).into_iter().chain([Constraint::Fill(1)]);
    let head = Row::new(["behind", "read", "findings", "state", "last read", "file"]).style(Paint::new().add_modifier(Modifier::DIM));
    frame.render_widget(Table::new(rows, widths).header(head).block(Block::bordered().title(" files ")), area);
}

fn draw_briefs<'b>(frame: &mut Frame, area: Rect, (title, briefs): (&'static str, impl IntoIterator<Item = &'b Brief>), style: Style) {
    let row = |brief: &Brief| {
        let severity = Span::styled(brief.severity.as_str().to_uppercase(), paint(style, colour(brief.severity)));
        Row::new([
            Line::raw(time_of_day(brief.at)),
            Line::from(severity),
            Line::raw(brief.id.clone()),
            Line::raw(brief.text.clone()),
            Line::raw(brief.place.clone()),
        ])
    };
    let rows = briefs.into_iter().take(usize::from(area.height)).map(row);
    let widths = [Constraint::Length(9), Constraint::Length(8), Constraint::Max(24), Constraint::Fill(1), Constraint::Fill(1)];
    frame.render_widget(Table::new(rows, widths).block(Block::bordered().title(title)), area);
}

fn colour(severity: Severity) -> Color {
    match severity {
        Severity::Critical | Severity::High => Color::Red,
        Severity::Medium => Color::Yellow,
        Severity::Low | Severity::Info => Color::Blue,
    }
}

fn paint(style: Style, colour: Color) -> Paint {
    if style == Style::Colour { Paint::new().fg(colour) } else { Paint::new() }
}

/// Such as `17 B`, `1.5 kB`, `20.0 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Such as `10:00:00Z`.
fn time_of_day(at: Instant) -> String {
    at.to_string().split_once('T').map(|(_, time)| time.to_owned()).unwrap_or_default()
}

/// Such as `1:02:03`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use crate::cli::watch::view::{Seen, draw};
    use crate::model::grade::Severity;
    use crate::model::instant::Instant;
    use crate::outputs::output::Style;
    use crate::pipeline::watch::file_state::{Condition, FileState};
    use crate::pipeline::watch::meters::{Brief, Snapshot};

    fn file(path: &str, behind: u64) -> FileState {
        FileState {
            path: path.to_owned(),
            name: path.to_owned(),
            condition: Condition::Growing,
            size: Some(behind),
            read: 0,
            behind,
            findings: 0,
            read_at: None,
            there: 0,
        }
    }

    fn seen() -> Seen {
        let at = Instant::from_number(1_772_445_600).expect("because it is a time");
        let brief = |id: &str, text: &str| Brief { at, severity: Severity::High, id: id.into(), text: text.into(), place: "a.log:3:1".into() };
        let mut snapshot = Snapshot { files: Arc::new(vec![file("even.log", 0), file("late.log", 2_500_000)]), ..Snapshot::default() };
        snapshot.add_finding(brief("github-pat", "ghp_…(40)"));
        snapshot.add_judgement(brief("TR-01", "used where it was not issued for"));
        snapshot.deliveries.insert(("soc".into(), "delivered"), 12);
        snapshot.outbox.insert(("soc".into(), "held"), 3);
        snapshot.add_message("WARN gone\u{1b}[2J".into());
        Seen { snapshot, rate: 1_000_000, elapsed: Duration::from_secs(3723), style: Style::Colour }
    }

    fn drawn(width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("because it draws in memory");
        terminal.draw(|frame| draw(frame, &seen())).expect("because it draws in memory");
        terminal.backend().to_string()
    }

    #[test]
    fn every_size_shows_what_fits() {
        for (width, height, shown, hidden) in [
            (
                140,
                40,
                &["1:02:03", "2.5 MB", "late.log", "github-pat", "ghp_…(40)", "TR-01", "a.log:3:1", "WARN gone", "q ends"][..],
                &["\u{1b}"][..],
            ),
            (200, 40, &["github-pat", "TR-01", "10:00:00Z", "to soc: 12 delivered, 3 held in the outbox"], &[]),
            (80, 24, &["late.log", "github-pat", "TR-01", "messages"], &[]),
            (80, 10, &["late.log", "even.log"], &["github-pat", "to soc"]),
        ] {
            let text = drawn(width, height);
            assert!(shown.iter().all(|part| text.contains(part)) && !hidden.iter().any(|part| text.contains(part)), "{width}x{height}:\n{text}");
        }
        let text = drawn(140, 40);
        assert!(text.find("late.log") < text.find("even.log"), "those that are behind come first:\n{text}");
        for (width, height) in [(1, 1), (10, 3), (500, 2)] {
            drawn(width, height);
        }
    }
}

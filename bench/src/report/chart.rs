//! Bar charts as SVG: groups of horizontal bars on a logarithmic scale.

use std::fmt::Write;

/// A bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Its name, on the left.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// What stands at its end.
    pub text: String,
    /// Whether it is the one that the chart is about.
    pub highlighted: bool,
}

/// Bars that belong together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their heading.
    pub title: String,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Its title.
    pub title: String,
    /// A line below that says what the lengths mean.
    pub subtitle: String,
    /// The groups, from top to bottom.
    pub groups: Vec<Group>,
}

const WIDTH: f64 = 860.0;
const BARS_FROM: f64 = 330.0;
const BARS_TO: f64 = 740.0;
const LINE: f64 = 20.0;
const BAR: f64 = 14.0;
const HEAD: f64 = 64.0;
const GAP: f64 = 14.0;

/// Colours that are readable on white and on black paper.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-size:17px;font-weight:600;fill:#24292f}\
.group{font-weight:600;fill:#24292f}.ours{fill:#0969da}.other{fill:#afb8c1}.grid{stroke:#d0d7de;stroke-width:1}\
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title,.group{fill:#f0f6fc}.ours{fill:#4493f8}.other{fill:#656c76}.grid{stroke:#3d444d}}";

impl Chart {
    /// The SVG document.
    pub fn to_svg(&self) -> String {
        let values = || self.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.value);
        let scale = Scale::over(values());
        let lines: usize = self.groups.iter().map(|group| group.bars.len() + 1).sum();
        let height = HEAD + lines as f64 * LINE + self.groups.len() as f64 * GAP + 30.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <text class=\"title\" x=\"16\" y=\"28\">{title}</text>\n<text x=\"16\" y=\"48\">{subtitle}</text>\n",
            title = escape(&self.title),
            subtitle = escape(&self.subtitle),
        );
        for tick in scale.ticks() {
            let x = scale.position(tick);
            let (top, bottom) = (HEAD - 4.0, height - 26.0);
            append(
                &mut svg,
                format_args!(
                    "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>"
                ),
            );
            append(
                &mut svg,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
                    height - 10.0
                ),
            );
        }
        let mut y = HEAD;
        for group in &self.groups {
            y += LINE;
            append(
                &mut svg,
                format_args!("<text class=\"group\" x=\"16\" y=\"{y:.1}\">{}</text>", escape(&group.title)),
            );
            for bar in &group.bars {
                y += LINE;
                bar.draw(&mut svg, y, &scale);
            }
            y += GAP;
        }
        svg.push_str("</svg>\n");
        svg
    }
}

impl Bar {
    fn draw(&self, svg: &mut String, baseline: f64, scale: &Scale) {
        let end = scale.position(self.value);
        let class = if self.highlighted { "ours" } else { "other" };
        let (top, width) = (baseline - BAR + 3.0, (end - BARS_FROM).max(1.0));
        append(svg, format_args!("<text x=\"28\" y=\"{baseline:.1}\">{}</text>", escape(&self.label)));
        append(
            svg,
            format_args!(
                "<rect class=\"{class}\" x=\"{BARS_FROM}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>"
            ),
        );
        append(
            svg,
            format_args!("<text x=\"{:.1}\" y=\"{baseline:.1}\">{}</text>", end + 6.0, escape(&self.text)),
        );
    }
}

/// A multiple as it stands at the end of a bar.
pub(super) fn multiple(value: f64) -> String {
    if value < 10.0 { format!("{value:.2} ×") } else { format!("{value:.0} ×") }
}

/// A logarithmic scale from a power of ten to another.
struct Scale {
    from: i32,
    to: i32,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).max(1e-9);
        let most = values.fold(least, f64::max);
        let (from, to) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        Self { from, to: to.max(from + 1) }
    }

    fn position(&self, value: f64) -> f64 {
        let share = (value.max(1e-9).log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        BARS_FROM + share.clamp(0.0, 1.0) * (BARS_TO - BARS_FROM)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        // Powers of ten below 1 are divided, not multiplied: 0.1 then prints as 0.1.
        (self.from..=self.to)
            .map(|power| if power < 0 { 1.0 / 10f64.powi(-power) } else { 10f64.powi(power) })
    }
}

fn append(svg: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(svg, "{element}").expect("a String takes what is written to it");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_ten_times_as_long_as_another_is_one_decade_longer() {
        let scale = Scale::over([1.0, 100.0].into_iter());
        let decade = scale.position(10.0) - scale.position(1.0);
        assert!((scale.position(100.0) - scale.position(10.0) - decade).abs() < 1e-6);
    }

    #[test]
    fn labels_cannot_break_the_document() {
        let bar = Bar { label: "a<b".to_owned(), value: 1.0, text: "&".to_owned(), highlighted: true };
        let group = Group { title: String::new(), bars: vec![bar] };
        let svg = Chart { title: String::new(), subtitle: String::new(), groups: vec![group] }.to_svg();
        assert!(svg.contains("a&lt;b") && svg.contains("&amp;"));
    }
}

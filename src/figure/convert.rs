//! From drawn SVG to published SVG, PNG and PDF: text becomes paths of an embedded font.

use crate::error::{Error, Result};
use crate::figure::style::FONT;
use crate::figure::{compact, png};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Indent, Options, Tree, WriteOptions, fontdb};
use std::sync::Arc;

/// The resolution of published PNG files, in dots per inch.
pub const PNG_DPI: f64 = 300.0;
/// The resolution that usvg counts in, as CSS does.
const CSS_DPI: f32 = 96.0;

/// Turns drawings into files, with the one font that is embedded in the program.
pub struct Converter {
    options: Options<'static>,
}

/// The published forms of one figure. The same bytes for the same drawing, on every machine.
#[derive(Clone, Debug)]
pub struct Published {
    /// Text as paths: looks the same wherever it is shown.
    pub svg: String,
    /// The same with every outline in full, for a page that shares them among its pictures.
    pub full_svg: String,
    pub png: Vec<u8>,
    pub pdf: Vec<u8>,
}

impl Converter {
    /// Loads the fonts of the family [`FONT`]; never those of the system.
    pub fn new() -> Self {
        let mut fonts = fontdb::Database::new();
        for font in typst_assets::fonts() {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
        }
        let others: Vec<fontdb::ID> = fonts
            .faces()
            .filter(|face| face.families.iter().all(|(family, _)| family != FONT))
            .map(|face| face.id)
            .collect();
        for id in others {
            fonts.remove_face(id);
        }
        let options =
            Options { font_family: FONT.into(), fontdb: Arc::new(fonts), ..Options::default() };
        Self { options }
    }

    /// Converts one drawing; `id`, best short, keeps the ids inside apart from those of other
    /// figures on the same page.
    ///
    /// # Errors
    /// When the drawing is not valid SVG or cannot be encoded.
    pub fn publish(&self, svg: &str, id: &str) -> Result<Published> {
        let drawn = self.parse(svg)?;
        let svg = drawn.to_string(&WriteOptions {
            id_prefix: Some(format!("{id}-")),
            // A whole unit of a drawing is a twentieth of a point.
            coordinates_precision: 0,
            transforms_precision: 4,
            indent: Indent::None,
            ..WriteOptions::default()
        });
        // Without a view box a page could not scale the picture.
        let (width, height) = (drawn.size().width(), drawn.size().height());
        let sized = format!("<svg viewBox=\"0 0 {width} {height}\" ");
        let full_svg = compact::merge_strokes(&compact::paths(&svg.replacen("<svg ", &sized, 1)));
        let svg = compact::share(&full_svg, id);
        // PNG and PDF are made from the published SVG, so that all three are one picture.
        let tree = self.parse(&svg)?;
        let page = svg2pdf::PageOptions { dpi: CSS_DPI };
        let pdf = svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), page)
            .map_err(|e| Error::unexpected(format!("cannot turn figure {id} into PDF: {e}")))?;
        Ok(Published { png: rasterise(&tree, id)?, pdf, svg, full_svg })
    }

    fn parse(&self, svg: &str) -> Result<Tree> {
        Tree::from_str(svg, &self.options)
            .map_err(|e| Error::unexpected(format!("a drawn figure is not valid SVG: {e}")))
    }
}

impl Default for Converter {
    fn default() -> Self {
        Self::new()
    }
}

fn rasterise(tree: &Tree, id: &str) -> Result<Vec<u8>> {
    let failed = |why: &str| Error::unexpected(format!("cannot turn figure {id} into PNG: {why}"));
    let scale = PNG_DPI as f32 / CSS_DPI;
    let pixels = |length: f32| (length * scale).round().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(tree.size().width()), pixels(tree.size().height()))
        .ok_or_else(|| failed("it is too large"))?;
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    // Figures are opaque, so the fourth channel says nothing.
    let pixels: Vec<[u8; 3]> =
        pixmap.data().chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    png::encode(pixmap.width(), &pixels, PNG_DPI).map_err(|e| failed(&e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::{Align, Font, draw};
    use crate::figure::style::INK;

    #[test]
    fn a_picture_with_shared_outlines_is_the_same_picture() {
        let font = Font { size: 8.0, colour: INK, bold: false, align: Align::Centre };
        let drawing = draw(72.0, 36.0, |canvas| {
            for y in [8.0, 18.0, 28.0] {
                canvas.text("modality", (30.0, y), font)?;
            }
            Ok(())
        });
        let converter = Converter::new();
        let published = converter.publish(&drawing.unwrap(), "one").unwrap();
        assert_eq!(published.svg.matches("<use href=\"#one-0\"").count(), 2, "{}", published.svg);
        let full = converter.parse(&published.full_svg).unwrap();
        assert!(rasterise(&full, "one").unwrap() == published.png);
    }

    #[test]
    fn text_becomes_paths_and_bytes_repeat() {
        let font = Font { size: 8.0, colour: INK, bold: false, align: Align::Left };
        let drawing = draw(72.0, 36.0, |canvas| canvas.text("ρ − α", (4.0, 18.0), font)).unwrap();
        let published = Converter::new().publish(&drawing, "one").unwrap();
        assert!(published.svg.contains("<path") && !published.svg.contains("<text"));
        assert!(published.svg.starts_with("<svg viewBox=\"0 0 96 48\""));
        // One inch wide.
        assert!(published.svg.contains("width=\"96\""), "{}", published.svg);
        assert_eq!(published.png[16..24], [0, 0, 1, 44, 0, 0, 0, 150]);
        let pdf = String::from_utf8_lossy(&published.pdf);
        assert!(pdf.contains("[0 0 72 36]") && !pdf.contains("/CreationDate"));
        let again = Converter::new().publish(&drawing, "one").unwrap();
        assert_eq!(
            (published.svg, published.png, published.pdf),
            (again.svg, again.png, again.pdf)
        );
    }
}

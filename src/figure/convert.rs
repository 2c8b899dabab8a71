//! From drawn SVG to published SVG, PNG and PDF: text becomes paths of an embedded font.

use crate::error::{Error, Result};
use crate::figure::style::FONT;
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

    /// Converts one drawing; `name` is for messages.
    ///
    /// # Errors
    /// When the drawing is not valid SVG or cannot be encoded.
    pub fn publish(&self, svg: &str, name: &str) -> Result<Published> {
        let drawn = self.parse(svg)?;
        let svg = drawn.to_string(&WriteOptions {
            // A whole unit of a drawing is a twentieth of a point.
            coordinates_precision: 0,
            transforms_precision: 4,
            indent: Indent::None,
            ..WriteOptions::default()
        });
        // Without a view box a page could not scale the picture.
        let (width, height) = (drawn.size().width(), drawn.size().height());
        let sized = format!("<svg viewBox=\"0 0 {width} {height}\" ");
        let svg = svg.replacen("<svg ", &sized, 1);
        // PNG and PDF are made from the published SVG, so that all three are one picture.
        let tree = self.parse(&svg)?;
        let page = svg2pdf::PageOptions { dpi: CSS_DPI };
        let pdf = svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), page)
            .map_err(|e| Error::unexpected(format!("cannot turn figure {name} into PDF: {e}")))?;
        Ok(Published { png: rasterise(&tree, name)?, pdf, svg })
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

fn rasterise(tree: &Tree, name: &str) -> Result<Vec<u8>> {
    let failed =
        |why: &str| Error::unexpected(format!("cannot turn figure {name} into PNG: {why}"));
    let scale = PNG_DPI as f32 / CSS_DPI;
    let pixels = |length: f32| (length * scale).round().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(tree.size().width()), pixels(tree.size().height()))
        .ok_or_else(|| failed("it is too large"))?;
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    // Figures are opaque, so the fourth channel says nothing.
    let opaque: Vec<u8> =
        pixmap.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    // Flat colours and few lines: rows repeat as they are.
    encoder.set_filter(png::FilterType::NoFilter);
    let per_metre = (PNG_DPI / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&opaque)?;
        writer.finish()
    });
    written.map_err(|e| failed(&e.to_string()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::{Align, Font, draw};
    use crate::figure::style::INK;

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

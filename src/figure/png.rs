//! PNG with at most 256 colours: a quarter of the size, and no difference to the eye.
//!
//! Figures hold a few colours and their blends with white. Blends are rounded to a sixteenth
//! before the most frequent colours become the palette (PNG specification, ISO/IEC 15948).

use flate2::{Compression, Crc, write::ZlibEncoder};
use std::collections::BTreeMap;
use std::io::Write as _;

/// Encodes rows of `width` opaque pixels, to be shown at `dpi` dots per inch.
///
/// # Errors
/// When compression fails.
pub fn encode(width: u32, pixels: &[[u8; 3]], dpi: f64) -> std::io::Result<Vec<u8>> {
    let height = (pixels.len() / width.max(1) as usize) as u32;
    let rounded: Vec<[u8; 3]> = pixels.iter().map(|pixel| pixel.map(round)).collect();
    let palette = palette(&rounded);
    let mut known: BTreeMap<[u8; 3], u8> = BTreeMap::new();
    let mut rows = Vec::with_capacity(pixels.len() + height as usize);
    for row in rounded.chunks(width.max(1) as usize) {
        // Every row begins with its filter: none, which suits indices.
        rows.push(0);
        rows.extend(
            row.iter()
                .map(|pixel| *known.entry(*pixel).or_insert_with(|| nearest(&palette, *pixel))),
        );
    }
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::best());
    compressed.write_all(&rows)?;

    // Eight bits per pixel, by palette, not interlaced.
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 3, 0, 0, 0]].concat();
    let per_metre = ((dpi / 0.0254).round() as u32).to_be_bytes();
    let density = [&per_metre[..], &per_metre, &[1]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"pHYs", &density);
    chunk(&mut file, b"PLTE", &palette.concat());
    chunk(&mut file, b"IDAT", &compressed.finish()?);
    chunk(&mut file, b"IEND", &[]);
    Ok(file)
}

/// To the nearest of 16 levels, black and white among them.
fn round(channel: u8) -> u8 {
    ((u16::from(channel) + 8) / 17 * 17) as u8
}

/// The most frequent colours; among equally frequent ones, the darker.
fn palette(pixels: &[[u8; 3]]) -> Vec<[u8; 3]> {
    let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    for pixel in pixels {
        *counts.entry(*pixel).or_default() += 1;
    }
    let mut colours: Vec<([u8; 3], usize)> = counts.into_iter().collect();
    colours.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    colours.into_iter().take(256).map(|(colour, _)| colour).collect()
}

fn nearest(palette: &[[u8; 3]], pixel: [u8; 3]) -> u8 {
    let distance = |colour: &[u8; 3]| -> i32 {
        colour.iter().zip(pixel).map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2)).sum()
    };
    let at = palette.iter().enumerate().min_by_key(|(_, colour)| distance(colour));
    at.map_or(0, |(at, _)| at as u8)
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(content);
    file.extend((content.len() as u32).to_be_bytes());
    file.extend(kind);
    file.extend(content);
    file.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::tiny_skia::Pixmap;

    #[test]
    fn another_decoder_reads_what_was_written() {
        // 51 and 204 are among the 16 levels; 200 is rounded to 204.
        let pixels = [[0, 51, 255], [255, 255, 255], [200, 0, 0], [0, 51, 255]];
        let decoded = Pixmap::decode_png(&encode(2, &pixels, 300.0).unwrap()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (2, 2));
        let expected = [[0, 51, 255, 255], [255; 4], [204, 0, 0, 255], [0, 51, 255, 255]];
        assert_eq!(decoded.data(), expected.concat());
    }

    #[test]
    fn beyond_256_colours_the_frequent_ones_stay_and_the_others_become_neighbours() {
        let rare = (0..512u32).map(|i| [i / 32 * 17, i / 2 % 16 * 17, i % 2 * 17].map(|c| c as u8));
        let pixels: Vec<[u8; 3]> = rare.chain(vec![[255; 3]; 32 * 4]).collect();
        let decoded = Pixmap::decode_png(&encode(32, &pixels, 300.0).unwrap()).unwrap();
        let colours: std::collections::BTreeSet<&[u8]> = decoded.data().chunks(4).collect();
        assert_eq!(colours.len(), 256);
        assert!(decoded.data()[512 * 4..].iter().all(|channel| *channel == 255));
    }
}

//! PNG with at most 256 colours: a quarter of the size, and no difference to the eye.
//!
//! Figures hold a few colours and their blends with white. Channels are rounded to 16 levels
//! before the most frequent colours become the palette (PNG specification, ISO/IEC 15948).

use flate2::{Compression, Crc, write::ZlibEncoder};
use std::io::Write as _;

/// A colour of 16 levels per channel, as `0xRGB`.
type Colour = usize;
const N_COLOURS: usize = 1 << 12;

/// Encodes rows of `width` opaque pixels, to be shown at `dpi` dots per inch.
///
/// # Errors
/// When compression fails.
pub fn encode(width: u32, pixels: &[[u8; 3]], dpi: f64) -> std::io::Result<Vec<u8>> {
    let height = (pixels.len() / width.max(1) as usize) as u32;
    let rounded: Vec<Colour> = pixels.iter().map(|pixel| round(*pixel)).collect();
    let palette = palette(&rounded);
    let indices: Vec<u8> = (0..N_COLOURS).map(|colour| nearest(&palette, colour)).collect();
    let mut rows = Vec::with_capacity(pixels.len() + height as usize);
    for row in rounded.chunks(width.max(1) as usize) {
        // Every row begins with its filter: none, which suits indices.
        rows.push(0);
        rows.extend(row.iter().map(|colour| indices[*colour]));
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
    chunk(
        &mut file,
        b"PLTE",
        &palette.iter().copied().flat_map(levels).map(|level| level * 17).collect::<Vec<u8>>(),
    );
    chunk(&mut file, b"IDAT", &compressed.finish()?);
    chunk(&mut file, b"IEND", &[]);
    Ok(file)
}

/// To the nearest of 16 levels, black and white among them.
fn round(pixel: [u8; 3]) -> Colour {
    pixel.iter().fold(0, |colour, channel| colour << 4 | ((usize::from(*channel) + 8) / 17))
}

/// The level of each channel, 0 to 15.
fn levels(colour: Colour) -> [u8; 3] {
    [8, 4, 0].map(|shift| (colour >> shift & 15) as u8)
}

/// The most frequent colours; among equally frequent ones, the darker.
fn palette(pixels: &[Colour]) -> Vec<Colour> {
    let mut counts = vec![0_usize; N_COLOURS];
    for pixel in pixels {
        counts[*pixel] += 1;
    }
    let mut colours: Vec<Colour> = (0..N_COLOURS).filter(|colour| counts[*colour] > 0).collect();
    colours.sort_by_key(|colour| std::cmp::Reverse(counts[*colour]));
    colours.truncate(256);
    colours
}

fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let distance = |known: Colour| -> i32 {
        let channels = levels(known).into_iter().zip(levels(colour));
        channels.map(|(a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
    };
    let at = palette.iter().enumerate().min_by_key(|(_, known)| distance(**known));
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

//! Numbers as tar writes them.

/// A field in base 256 or octal; `None` where it is neither or too large. May
/// be negative (`parser.parseNumeric`).
///
/// In base 256 the first bit is set, the second is the sign, and the rest is
/// a big-endian two's complement of any length.
#[inline]
pub(super) fn numeric(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base256(field, first & 0x40 != 0),
        _ => octal(field).and_then(|value| i64::try_from(value).ok()),
    }
}

/// The identity `-a - 1 == !a` lets a negative number be read as the
/// complement of a positive one.
fn base256(field: &[u8], is_negative: bool) -> Option<i64> {
    let flip = if is_negative { 0xff } else { 0 };
    let mut value: u64 = 0;
    for (index, byte) in field.iter().enumerate() {
        let mut digit = byte ^ flip;
        if index == 0 {
            digit &= 0x7f;
        }
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(digit);
    }
    let value = i64::try_from(value).ok()?;
    Some(if is_negative { !value } else { value })
}

/// An octal field: spaces and NULs around it, and what follows a NUL inside
/// it, do not count; an empty one is 0 (`parser.parseOctal`).
#[inline]
pub(super) fn octal(field: &[u8]) -> Option<u64> {
    plain_octal(field).or_else(|| any_octal(field))
}

/// A field of 8 or 12 bytes that has digits up to a NUL or to its end, as nearly
/// every one is, or nothing but NULs; `None` for any other.
#[inline]
fn plain_octal(field: &[u8]) -> Option<u64> {
    let (head, tail) = field.split_first_chunk::<8>()?;
    if *head == [0; 8] && tail.is_empty() {
        return Some(0);
    }
    let head = Digits::read(*head);
    match (head.count, tail) {
        (0, _) => None,
        (8, []) => Some(head.value),
        (8, &[a, b, c, d]) => {
            let tail = Digits::read([a, b, c, d, 0, 0, 0, 0]);
            let value = head.value << (3 * tail.count) | tail.value;
            (tail.end == 0).then_some(value)
        }
        (..8, _) => (head.end == 0).then_some(head.value),
        _ => None,
    }
}

/// The octal digits that eight bytes begin with, found and read all at once: a
/// header has nine such fields.
struct Digits {
    count: u32,
    value: u64,
    /// The byte after them, where one is left.
    end: u8,
}

impl Digits {
    #[inline]
    fn read(bytes: [u8; 8]) -> Digits {
        /// What a digit does not have once `0` is taken away from it.
        const BEYOND: u64 = u64::from_be_bytes([!7; 8]);
        let word = u64::from_be_bytes(bytes);
        let values = word ^ u64::from_be_bytes([b'0'; 8]);
        let count = (values & BEYOND).leading_zeros() / 8;
        let end = bytes.get(count as usize).copied().unwrap_or_default();
        // To the right, with zeros before it: by 64 bits nothing is left.
        let ones = values.checked_shr(64 - 8 * count).unwrap_or_default();
        let twos = (ones >> 5 | ones) & 0x003f_003f_003f_003f;
        let fours = (twos >> 10 | twos) & 0x0000_0fff_0000_0fff;
        let value = (fours >> 20 | fours) & 0x00ff_ffff;
        Digits { count, value, end }
    }
}

fn any_octal(field: &[u8]) -> Option<u64> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !is_blank(byte)) else {
        return Some(0);
    };
    let end = field.iter().rposition(|byte| !is_blank(byte))? + 1;
    c_string(&field[start..end])
        .iter()
        .try_fold(0_u64, |value, digit| match digit {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
            _ => None,
        })
}

/// A decimal number of a record or a sparse map: a sign of either kind and
/// leading zeros are fine, blanks are not (`strconv.ParseInt`).
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The bytes up to the first NUL, or all (`parser.parseString`).
pub(super) fn c_string(field: &[u8]) -> &[u8] {
    // Most fields for names are empty.
    if field.first() == Some(&0) {
        return &[];
    }
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    &field[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_fields_are_trimmed_and_cut_at_a_nul() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"  644 \0 ", Some(0o644)),
            (b"\0\x00644\0\0\0", Some(0o644)),
            (b"12\x0099\0\0\0", Some(0o12)),
            (b"77777777", Some(0o77_777_777)),
            (b"        ", Some(0)),
            (b"0000000000000000000644", Some(0o644)),
            (b"7777777777777777777777", None),
            (b"644 \0 9\0", None),
            (b"", Some(0)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"+0000644", None),
            (b"-0000001", None),
            (b"6 4\0\0\0\0\0", None),
            (b"0o644\0\0\0", None),
            (b"0000008\0", None),
            (b"1234567\0", Some(0o1_234_567)),
            (b"1\09", Some(1)),
            (b"1\09\0\0\0\0\0", Some(1)),
            (b"12345670\0\0\0\0", Some(0o12_345_670)),
            (b"12345670\0x\0\0", Some(0o12_345_670)),
            (b"12345670123\0", Some(0o12_345_670_123)),
            (b"123456701234", Some(0o123_456_701_234)),
            (b"12345670 \0\0\0", Some(0o12_345_670)),
            (b"123456701 2\0", None),
            (b"1234567012x\0", None),
            (b"123456789012", None),
            (b"123\xb0\0\0\0\0", None),
        ] {
            assert_eq!(octal(field), value, "{field:?}");
        }
    }

    #[test]
    fn base_256_has_a_sign_and_limits() {
        let wide = |first: &[u8], last: u8| {
            let mut field = [0; 12];
            field[..first.len()].copy_from_slice(first);
            field[11] = last;
            numeric(&field)
        };
        assert_eq!(numeric(&[0xff; 12]), Some(-1));
        assert_eq!(numeric(&[0xff; 8]), Some(-1));
        assert_eq!(numeric(b"\x80\0\0\0\0\0\x01\x02"), Some(258));
        assert_eq!(wide(&[0x80], 5), Some(5));
        assert_eq!(wide(&[0x80, 0, 0, 1], 5), None, "2^64 + 5");
        assert_eq!(wide(&[0x80, 0, 0, 0, 0x80], 0), None, "2^63");
        assert_eq!(wide(&[0x80, 0, 0, 0, 0x40], 0), Some(1 << 62));
        assert_eq!(
            numeric(b"\xff\xff\xff\xff\x80\0\0\0\0\0\0\0"),
            Some(i64::MIN)
        );
        assert_eq!(
            numeric(b"\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
    }

    #[test]
    fn decimals_may_have_a_sign_but_no_blanks() {
        for (text, value) in [
            (&b"12"[..], Some(12)),
            (b"+12", Some(12)),
            (b"-0012", Some(-12)),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"9223372036854775808", None),
            (b"", None),
            (b"+", None),
            (b" 12", None),
            (b"0x10", None),
            (b"1_0", None),
            (b"1\xff", None),
        ] {
            assert_eq!(decimal(text), value, "{text:?}");
        }
    }
}

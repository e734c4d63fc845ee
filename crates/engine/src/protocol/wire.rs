//! How Kafka's messages and its own records write their fields: big-endian
//! integers, counted strings and bytes, and in flexible versions compact
//! lengths and tagged fields (KIP-482).
//!
//! Source: `org.apache.kafka.common.protocol.ByteBufferAccessor` and `Readable`.

use std::fmt;

use crate::log::varint::{read_unsigned_varint, write_unsigned_varint};

/// Bytes that are not what their place in a message wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MalformedMessage;

impl fmt::Display for MalformedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes end early, or are not what their place in the message wants")
    }
}

impl std::error::Error for MalformedMessage {}

/// Writes fields one after the other.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    is_flexible: bool,
}

impl Writer {
    /// A message of a version that is flexible, or not: then lengths are fixed
    /// integers and there are no tagged fields.
    pub fn new(is_flexible: bool) -> Writer {
        Writer {
            bytes: Vec::new(),
            is_flexible,
        }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A byte, signed as Java has it.
    pub fn i8(&mut self, n: i8) {
        self.bytes.extend_from_slice(&n.to_be_bytes());
    }

    /// Two bytes.
    pub fn i16(&mut self, n: i16) {
        self.bytes.extend_from_slice(&n.to_be_bytes());
    }

    /// Four bytes.
    pub fn i32(&mut self, n: i32) {
        self.bytes.extend_from_slice(&n.to_be_bytes());
    }

    /// Eight bytes.
    pub fn i64(&mut self, n: i64) {
        self.bytes.extend_from_slice(&n.to_be_bytes());
    }

    /// 16 bytes, as of a topic's id.
    pub fn uuid(&mut self, bytes: [u8; 16]) {
        self.bytes.extend_from_slice(&bytes);
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.nullable_string(Some(text));
    }

    /// A string, or null.
    pub fn nullable_string(&mut self, text: Option<&str>) {
        match (self.is_flexible, text) {
            (true, text) => self.compact_length(text.map(str::len)),
            (false, Some(text)) => {
                let length = i16::try_from(text.len());
                self.i16(length.expect("a string in the protocol has fewer than 2^15 bytes"));
            }
            (false, None) => self.i16(-1),
        }
        self.bytes.extend_from_slice(text.unwrap_or("").as_bytes());
    }

    /// Bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.array_length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// The number of entries of the array that follows.
    pub fn array_length(&mut self, length: usize) {
        self.nullable_array_length(Some(length));
    }

    /// The same of an array that may be null.
    pub fn nullable_array_length(&mut self, length: Option<usize>) {
        match (self.is_flexible, length) {
            (true, length) => self.compact_length(length),
            (false, Some(length)) => {
                let length = i32::try_from(length);
                self.i32(length.expect("a list in the protocol has fewer than 2^31 entries"));
            }
            (false, None) => self.i32(-1),
        }
    }

    /// The end of a structure without tagged fields; nothing in a version that
    /// is not flexible.
    pub fn no_tagged_fields(&mut self) {
        if self.is_flexible {
            write_unsigned_varint(0, &mut self.bytes);
        }
    }

    fn compact_length(&mut self, length: Option<usize>) {
        let length = length.map_or(0, |length| length as u32 + 1);
        write_unsigned_varint(length, &mut self.bytes);
    }
}

/// Reads fields one after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    is_flexible: bool,
}

/// What reading a field comes to.
pub type Field<T> = Result<T, MalformedMessage>;

impl<'a> Reader<'a> {
    /// A message of a version that is flexible, or not.
    pub fn new(bytes: &'a [u8], is_flexible: bool) -> Reader<'a> {
        Reader {
            rest: bytes,
            is_flexible,
        }
    }

    /// What comes after a version is as this one wants it.
    pub fn set_flexible(&mut self, is_flexible: bool) {
        self.is_flexible = is_flexible;
    }

    fn take<const N: usize>(&mut self) -> Field<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(MalformedMessage)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn slice(&mut self, length: usize) -> Field<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(MalformedMessage)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A byte, signed as Java has it.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`], as of all that is read.
    pub fn i8(&mut self) -> Field<i8> {
        self.take().map(i8::from_be_bytes)
    }

    /// Two bytes.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn i16(&mut self) -> Field<i16> {
        self.take().map(i16::from_be_bytes)
    }

    /// Four bytes.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn i32(&mut self) -> Field<i32> {
        self.take().map(i32::from_be_bytes)
    }

    /// Eight bytes.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn i64(&mut self) -> Field<i64> {
        self.take().map(i64::from_be_bytes)
    }

    /// 16 bytes.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn uuid(&mut self) -> Field<[u8; 16]> {
        self.take()
    }

    /// A string.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn string(&mut self) -> Field<&'a str> {
        self.nullable_string()?.ok_or(MalformedMessage)
    }

    /// A string, or null.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn nullable_string(&mut self) -> Field<Option<&'a str>> {
        let length = match self.is_flexible {
            true => self.compact_length()?,
            false => length(i32::from(self.i16()?))?,
        };
        let Some(length) = length else {
            return Ok(None);
        };
        let text = str::from_utf8(self.slice(length)?);
        text.map(Some).map_err(|_| MalformedMessage)
    }

    /// Bytes.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn bytes(&mut self) -> Field<&'a [u8]> {
        let length = self.array_length()?;
        self.slice(length)
    }

    /// The number of entries of the array that follows.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn array_length(&mut self) -> Field<usize> {
        self.nullable_array_length()?.ok_or(MalformedMessage)
    }

    /// The same of an array that may be null.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn nullable_array_length(&mut self) -> Field<Option<usize>> {
        match self.is_flexible {
            true => self.compact_length(),
            false => length(self.i32()?),
        }
    }

    /// The end of a structure. Tagged fields that nobody here knows are skipped;
    /// nothing is read in a version that is not flexible.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn tagged_fields(&mut self) -> Field<()> {
        if !self.is_flexible {
            return Ok(());
        }
        for _ in 0..self.unsigned_varint()? {
            self.unsigned_varint()?;
            let size = self.unsigned_varint()?;
            self.slice(size as usize)?;
        }
        Ok(())
    }

    fn compact_length(&mut self) -> Field<Option<usize>> {
        let length = self.unsigned_varint()?;
        Ok(length.checked_sub(1).map(|length| length as usize))
    }

    fn unsigned_varint(&mut self) -> Field<u32> {
        read_unsigned_varint(&mut self.rest).map_err(|_| MalformedMessage)
    }
}

fn length(n: i32) -> Field<Option<usize>> {
    match n {
        -1 => Ok(None),
        n => usize::try_from(n).map(Some).map_err(|_| MalformedMessage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_both_forms() {
        for is_flexible in [false, true] {
            let mut writer = Writer::new(is_flexible);
            writer.i16(-2);
            writer.string("topic");
            writer.nullable_string(None);
            writer.bytes(&[1, 2, 3]);
            writer.nullable_array_length(None);
            writer.i64(i64::MIN);
            writer.no_tagged_fields();
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes, is_flexible);
            assert_eq!(reader.i16(), Ok(-2));
            assert_eq!(reader.string(), Ok("topic"));
            assert_eq!(reader.nullable_string(), Ok(None));
            assert_eq!(reader.bytes(), Ok(&[1, 2, 3][..]));
            assert_eq!(reader.nullable_array_length(), Ok(None));
            assert_eq!(reader.i64(), Ok(i64::MIN));
            assert_eq!(reader.tagged_fields(), Ok(()));
            assert_eq!(reader.i8(), Err(MalformedMessage), "all is read");
        }
    }

    #[test]
    fn lengths_that_lie_are_noticed() {
        assert_eq!(
            Reader::new(&[0, 9, b'a'], false).string(),
            Err(MalformedMessage)
        );
        assert_eq!(
            Reader::new(&[0xff, 0xfe], false).string(),
            Err(MalformedMessage)
        );
        assert_eq!(
            Reader::new(&[9, b'a'], true).string(),
            Err(MalformedMessage)
        );
    }
}

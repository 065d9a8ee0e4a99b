//! Files that came with a request, as the specification of multipart requests has it: the transport has received them
//! before anything is executed, and puts a note of each where its variable is.

use std::sync::Arc;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::documents::Spooled;

/// What stands in the place of a file's variable, before its number.
const NOTE: &str = "konto-upload:";

/// A file that came with the request.
#[derive(Debug)]
pub struct Received {
    /// The name that it came under.
    pub name: Option<String>,
    /// What it is said to be.
    pub media_type: Option<String>,
    /// Its content.
    pub content: Spooled,
}

/// The files of a request, in the order in which they came. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Uploads(Arc<Vec<Received>>);

impl Uploads {
    /// These.
    #[must_use]
    pub fn new(files: Vec<Received>) -> Self {
        Self(Arc::new(files))
    }

    /// The file that a variable stands for.
    #[must_use]
    pub fn get(&self, upload: Upload) -> Option<&Received> {
        self.0.get(upload.0)
    }
}

/// A file of the request, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload(pub usize);

impl Upload {
    /// What the transport puts where the variable is.
    #[must_use]
    pub fn note(self) -> String {
        format!("{NOTE}{}", self.0)
    }
}

/// A file that comes with the request, sent as `multipart/form-data` with the header `GraphQL-Require-Preflight`: the
/// variable is null in `operations`, and `map` says which part it is. There is no way to write one down in JSON.
#[Scalar(specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        let note = match &value {
            Value::String(text) => text.strip_prefix(NOTE),
            _ => None,
        };
        let number = note.and_then(|number| number.parse().ok());
        number.map(Self).ok_or_else(|| {
            InputValueError::custom("not a file of this request: send it as a part of multipart/form-data")
        })
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

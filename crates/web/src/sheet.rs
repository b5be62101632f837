//! Lists as CSV, sent while they are read.

use std::future::Future;

use axum::{
    body::Body,
    http::{HeaderName, header},
    response::{IntoResponse as _, Response},
};
use futures::stream;
use sync::export::guard_formula;

use crate::error::Error;

/// Rows read at once. So many are in memory, however long the list is.
pub(crate) const PIECE: i64 = 2_000;

/// Rows of a list, and where it goes on.
pub(crate) type Piece<At> = (Vec<Vec<String>>, Option<At>);

/// Sends a list piece by piece: `read` returns the rows at a place, and the next place.
///
/// What fails when a part is already sent can only break the connection off, so that nobody takes the part for the whole.
pub(crate) fn send<At, F, R>(name: &str, head: &[&str], start: At, read: F) -> Response
where
    At: Send + 'static,
    F: Fn(At) -> R + Send + 'static,
    R: Future<Output = Result<Piece<At>, Error>> + Send,
{
    let head = head.iter().copied().map(str::to_owned).collect();
    let first = written(&[head]);
    let rows = stream::try_unfold((Some(start), read), |(at, read)| async move {
        let Some(at) = at else {
            return Ok(None);
        };
        let (rows, next) = read(at)
            .await
            .map_err(|_| std::io::Error::other("the list could not be read to its end"))?;
        Ok(Some((written(&rows)?, (next, read))))
    });
    let body = Body::from_stream(futures::StreamExt::chain(
        stream::once(std::future::ready(first)),
        rows,
    ));
    (attachment(name), body).into_response()
}

/// The headers of a sheet that browsers keep as a file.
pub(crate) fn attachment(name: &str) -> [(HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.csv\""),
        ),
    ]
}

fn written(rows: &[Vec<String>]) -> Result<Vec<u8>, std::io::Error> {
    let mut sheet = csv::Writer::from_writer(Vec::new());
    for row in rows {
        sheet.write_record(row)?;
    }
    sheet.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A text for a cell, made harmless to spreadsheet programs. Cells that hold a number of ours, not a text of somebody's, stay
/// as they are.
pub(crate) fn text(text: &str) -> String {
    let mut cell = text.to_owned();
    guard_formula(&mut cell);
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts() {
        for formula in ["=1+1", "+81 3", "-2", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        for harmless in ["", "u-1", "'=1", " =1", "a@b.example"] {
            assert_eq!(text(harmless), harmless);
        }
    }

    #[tokio::test]
    async fn all_pieces_are_sent() {
        let read = |at: u32| async move {
            let rows = vec![vec![at.to_string(), "a,\"b\"".to_owned()]];
            Ok((rows, (at < 3).then_some(at + 1)))
        };
        let response = send("numbers", &["number", "text"], 1, read);
        let headers = response.headers();
        assert_eq!(
            headers[header::CONTENT_DISPOSITION],
            "attachment; filename=\"numbers.csv\""
        );
        let body = axum::body::to_bytes(response.into_body(), 1_000)
            .await
            .unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let row = |number| format!("{number},\"a,\"\"b\"\"\"\n");
        assert_eq!(text, format!("number,text\n{}{}{}", row(1), row(2), row(3)));
    }

    #[tokio::test]
    async fn what_breaks_off_is_not_taken_for_the_whole() {
        let read = |at: u32| async move {
            if at < 2 {
                Ok((Vec::new(), Some(at + 1)))
            } else {
                Err(Error::NotFound)
            }
        };
        let response = send("numbers", &["number"], 1, read);
        axum::body::to_bytes(response.into_body(), 1_000)
            .await
            .unwrap_err();
    }
}

//! `Txn`: conditions first, all of them against the state before the transaction, nested ones too; then checks along
//! the chosen path; then the operations, in one revision, each seeing those before it. After the checks nothing can
//! refuse any more, so a transaction happens as a whole or not at all.

use std::slice;

use super::put::check_put_target;
use super::{ApplyBatch, Stop};
use crate::error::{PutError, RangeError, TxnError};
use crate::ids::Revision;
use crate::read::state::State;
use crate::request::{PutRequest, RangeRequest, TxnOperation, TxnRequest};
use crate::response::{Event, PutResponse, RangeResponse, TxnOperationResponse, TxnResponse};
use crate::rows::RowsFault;

/// The outcome of every transaction's compares in the order in which they are met: the outer one, then the nested
/// ones of its chosen branch.
type Path<'p> = slice::Iter<'p, bool>;

const PATH_COMPLETE: &str = "the path has one entry for each transaction on it";

impl ApplyBatch<'_> {
    pub(super) fn txn(&mut self, request: &TxnRequest) -> Result<TxnResponse, Stop> {
        let mut path = Vec::with_capacity(1);
        choose_path(&self.state(&[]), request, &mut path)?;
        self.check_txn(request, &mut path.iter())?;
        let mut pending = Vec::new();
        let mut response = self.run_txn(request, &mut path.iter(), &mut pending)?;
        self.commit(pending);
        set_revision(&mut response, self.head.revision);
        Ok(response)
    }

    /// Refuses what cannot be carried out, all against the state before the transaction.
    fn check_txn(&self, request: &TxnRequest, path: &mut Path<'_>) -> Result<(), Stop> {
        for operation in branch(request, *path.next().expect(PATH_COMPLETE)) {
            match operation {
                TxnOperation::Range(range) => {
                    self.state(&[]).resolve(range.revision).map_err(TxnError::Range)?;
                }
                TxnOperation::Put(put) => self.check_put(put)?,
                TxnOperation::DeleteRange(_) => {}
                TxnOperation::Txn(nested) => self.check_txn(nested, path)?,
            }
        }
        Ok(())
    }

    fn check_put(&self, put: &PutRequest) -> Result<(), Stop> {
        if !self.has_put_lease(put)? {
            return Err(TxnError::Put(PutError::LeaseNotFound).into());
        }
        if put.ignore_value || put.ignore_lease {
            let old = self.state(&[]).newest(&put.key)?;
            check_put_target(put, old.as_ref()).map_err(TxnError::Put)?;
        }
        Ok(())
    }

    fn run_txn(
        &mut self,
        request: &TxnRequest,
        path: &mut Path<'_>,
        pending: &mut Vec<Event>,
    ) -> Result<TxnResponse, RowsFault> {
        let succeeded = *path.next().expect(PATH_COMPLETE);
        let operations = branch(request, succeeded);
        let mut responses = Vec::with_capacity(operations.len());
        for operation in operations {
            responses.push(match operation {
                TxnOperation::Range(range) => TxnOperationResponse::Range(self.run_range(range, pending)?),
                TxnOperation::Put(put) => TxnOperationResponse::Put(self.run_put(put, pending)?),
                TxnOperation::DeleteRange(delete) => {
                    TxnOperationResponse::DeleteRange(self.delete_range_in(pending, delete)?)
                }
                TxnOperation::Txn(nested) => TxnOperationResponse::Txn(self.run_txn(nested, path, pending)?),
            });
        }
        Ok(TxnResponse { succeeded, responses, revision: self.head.revision })
    }

    fn run_put(&mut self, put: &PutRequest, pending: &mut Vec<Event>) -> Result<PutResponse, RowsFault> {
        let old = self.state(pending).newest(&put.key)?;
        self.put_over(pending, put, old.as_ref())
    }

    fn run_range(&self, range: &RangeRequest, pending: &[Event]) -> Result<RangeResponse, RowsFault> {
        self.state(pending).range(range).map_err(|error| match error {
            RangeError::Fault(fault) => fault,
            RangeError::Revision(_) => unreachable!("revisions were checked before the transaction ran"),
        })
    }
}

fn branch(request: &TxnRequest, succeeded: bool) -> &[TxnOperation] {
    if succeeded { &request.success } else { &request.failure }
}

fn choose_path(state: &State<'_>, request: &TxnRequest, path: &mut Vec<bool>) -> Result<(), RowsFault> {
    let succeeded = state.all_hold(&request.compares)?;
    path.push(succeeded);
    for operation in branch(request, succeeded) {
        if let TxnOperation::Txn(nested) = operation {
            choose_path(state, nested, path)?;
        }
    }
    Ok(())
}

fn set_revision(response: &mut TxnResponse, revision: Revision) {
    response.revision = revision;
    for response in &mut response.responses {
        if let TxnOperationResponse::Txn(nested) = response {
            set_revision(nested, revision);
        }
    }
}

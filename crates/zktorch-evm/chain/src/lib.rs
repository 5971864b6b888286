//! Contracts of `zktorch-evm` on a chain in memory, run by revm.
//!
//! Everything is done by transactions, under the rules of a hard fork: codes are created, and `verify` is called, with the gas that a
//! transaction may have.

use anyhow::{Result, bail};
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, Bytes, TxKind, U256};
use revm::state::AccountInfo;
use revm::{Context, DatabaseRef, ExecuteCommitEvm, MainBuilder, MainContext};
use zktorch_evm::audit::Deployed;
use zktorch_evm::contract::{TRANSACTION_CAP, calldata, creation};
use zktorch_evm::{Contract, Word};

pub mod models;
pub mod mutations;

pub use revm::primitives;

/// The call of `verify` with these arguments.
pub fn verify_call(context: &Word, arguments: &[Vec<u8>; 2]) -> Vec<u8> {
    calldata("verify(bytes,bytes,bytes32)", arguments, Some(context))
}

/// A chain with nobody else on it.
#[derive(Debug)]
pub struct Chain {
    state: CacheDB<EmptyDB>,
    fork: SpecId,
}

/// A contract that was deployed, with what it took.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// Where it is.
    pub address: Address,
    /// The segments.
    pub segments: Vec<Address>,
    /// Gas of all transactions that deployed it.
    pub gas: u64,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it returned; `None` if it reverted or ran out of gas.
    pub output: Option<Vec<u8>>,
    /// What it reverted with.
    pub reverted: Option<Vec<u8>>,
    /// Gas of the whole transaction.
    pub gas: u64,
}

impl Answer {
    /// Whether the one word that was returned is 1.
    pub fn accepted(&self) -> bool {
        self.output
            .as_ref()
            .is_some_and(|word| word.len() == 32 && U256::from_be_slice(word) == U256::from(1))
    }

    /// Whether the one word that was returned is 0.
    pub fn refused(&self) -> bool {
        self.output.as_ref().is_some_and(|word| word.len() == 32 && U256::from_be_slice(word) == U256::ZERO)
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new(SpecId::PRAGUE)
    }
}

impl Chain {
    /// Of a hard fork.
    pub fn new(fork: SpecId) -> Self {
        Self { state: CacheDB::new(EmptyDB::default()), fork }
    }

    /// Gives an account money.
    pub fn fund(&mut self, account: Address, amount: u64) {
        let info = AccountInfo { balance: U256::from(amount), ..AccountInfo::default() };
        self.state.insert_account_info(account, info);
    }

    /// What an account has.
    pub fn balance(&self, account: Address) -> U256 {
        self.state.basic_ref(account).ok().flatten().map(|info| info.balance).unwrap_or_default()
    }

    /// The code of a contract.
    pub fn code(&self, account: Address) -> Vec<u8> {
        let info = self.state.basic_ref(account).ok().flatten().unwrap_or_default();
        let code = info.code.or_else(|| self.state.code_by_hash_ref(info.code_hash).ok());
        code.map(|code| code.original_bytes().to_vec()).unwrap_or_default()
    }

    /// A transaction of an account, with all the rest as it is in all of them.
    fn transact(&mut self, caller: Address, tx: TxEnv) -> Result<ExecutionResult> {
        // Each from an account of its own nonce: the check of nonces is off, their counting is not.
        let nonce = self.state.basic_ref(caller).ok().flatten().map_or(0, |info| info.nonce);
        let tx = TxEnv { caller, nonce, gas_price: 0, ..tx };
        let fork = self.fork;
        let context = Context::mainnet().with_db(&mut self.state).modify_cfg_chained(|cfg| {
            cfg.spec = fork;
            cfg.disable_nonce_check = true;
        });
        let mut evm = context.build_mainnet();
        Ok(evm.transact_commit(tx)?)
    }

    /// Makes a contract; returns where it is, and the gas.
    ///
    /// # Errors
    /// If its creation reverts or runs out of gas.
    pub fn create(&mut self, caller: Address, init: Vec<u8>, value: u64) -> Result<(Address, u64)> {
        let tx = TxEnv {
            kind: TxKind::Create,
            data: Bytes::from(init),
            value: U256::from(value),
            gas_limit: TRANSACTION_CAP,
            ..TxEnv::default()
        };
        match self.transact(caller, tx)? {
            ExecutionResult::Success { output: Output::Create(_, Some(address)), gas, .. } => {
                Ok((address, gas.tx_gas_used()))
            }
            other => bail!("no contract was made: {other:?}"),
        }
    }

    /// Calls a contract.
    ///
    /// # Errors
    /// If the transaction is none.
    pub fn call(&mut self, caller: Address, to: Address, data: Vec<u8>, gas_limit: u64) -> Result<Answer> {
        let tx = TxEnv { kind: TxKind::Call(to), data: Bytes::from(data), gas_limit, ..TxEnv::default() };
        let result = self.transact(caller, tx)?;
        let gas = result.tx_gas_used();
        Ok(match result {
            ExecutionResult::Success { output, .. } => {
                Answer { output: Some(output.into_data().to_vec()), reverted: None, gas }
            }
            ExecutionResult::Revert { output, .. } => {
                Answer { output: None, reverted: Some(output.to_vec()), gas }
            }
            ExecutionResult::Halt { .. } => Answer { output: None, reverted: None, gas },
        })
    }

    /// Gives a contract money.
    ///
    /// # Errors
    /// If it takes none.
    pub fn pay(&mut self, from: Address, to: Address, amount: u64) -> Result<()> {
        let tx = TxEnv {
            kind: TxKind::Call(to),
            value: U256::from(amount),
            gas_limit: TRANSACTION_CAP,
            ..TxEnv::default()
        };
        match self.transact(from, tx)? {
            ExecutionResult::Success { .. } => Ok(()),
            other => bail!("not paid: {other:?}"),
        }
    }

    /// Deploys a model's contracts.
    ///
    /// # Errors
    /// If one cannot be made.
    pub fn deploy(&mut self, contract: &Contract) -> Result<Verifier> {
        let (mut segments, mut all) = (Vec::new(), 0);
        for code in &contract.segments {
            let Some(init) = creation(code) else { bail!("a segment is too long") };
            let (address, gas) = self.create(Address::ZERO, init, 0)?;
            segments.push(address);
            all += gas;
        }
        let addresses: Vec<[u8; 20]> = segments.iter().map(|address| address.0.0).collect();
        let (address, gas) = self.create(Address::ZERO, contract.verifier_creation(&addresses), 0)?;
        Ok(Verifier { address, segments, gas: all + gas })
    }

    /// The codes of a deployed contract, as an auditor reads them.
    ///
    /// # Errors
    /// If it does not say where its table is.
    pub fn deployed(&mut self, verifier: &Verifier) -> Result<Deployed> {
        let selector = calldata("table()", &[], None);
        let answer = self.call(Address::ZERO, verifier.address, selector, TRANSACTION_CAP)?;
        let Some(word) = answer.output else { bail!("no table") };
        Ok(Deployed {
            verifier: self.code(verifier.address),
            table: self.code(Address::from_slice(&word[12..])),
            segments: verifier.segments.iter().map(|address| self.code(*address)).collect(),
        })
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// What a contract calls to have a proof of one model checked.
interface IVerifier {
    /// Whether `proof` proves that the committed model maps its inputs to its outputs as stated.
    ///
    /// Answers false for every other call that is well-formed and given enough gas; reverts with `NotEnoughGas` for one that is not
    /// given it, so that nobody makes an honest proof look false by a small gas limit.
    /// @param proof points of private tensors and of the proof (x, y), then its scalars, in words: `proof.bin` of the calldata encoder
    /// @param publicValues values of public inputs and outputs, little-endian 32-bit integers, each tensor in full words
    /// @param context the caller's own word: a proof made for another one is refused
    function verify(bytes calldata proof, bytes calldata publicValues, bytes32 context) external view returns (bool);

    /// The model's id, which the verifying key and its proofs name; `program` holds it, too.
    function modelId() external view returns (bytes32);

    /// What the verifier is: a digest of the model's id, `developmentSrs`, the gas and the lengths that a call has to have, and the
    /// hashes of the segments' codes. `export-evm` and `audit-evm` compute it from a verifying key: a contract that relies on a
    /// verifier whose runtime code is `Verifier`'s compares this one word.
    function program() external view returns (bytes32);

    /// Whether somebody may know the secret of the SRS, and prove what does not hold: never pay on such a verifier's word.
    function developmentSrs() external view returns (bool);
}

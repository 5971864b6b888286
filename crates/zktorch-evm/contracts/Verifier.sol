// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "./IVerifier.sol";

/// Runs the segments of one model's verifier, one after the other: each is given the memory that the one before returned.
///
/// Nothing here depends on the model but what the constructor is given, and `program` is the digest of all of that. The segments are
/// contracts without storage that call nothing but precompiles. What they have to be is compared with the chain's hashes of their
/// codes in every call: a contract that destroys itself in the transaction that makes it can be made again with another code.
contract Verifier is IVerifier {
    bytes32 public immutable modelId;
    bytes32 public immutable program;
    bool public immutable developmentSrs;
    /// A contract whose code is a zero byte and the segments' addresses, 20 bytes each.
    address public immutable table;
    /// Gas with which nothing in `verify` can run out of it: the segments have no branches, so that this is one number.
    uint256 public immutable gasNeeded;
    uint256 public immutable proofBytes;
    uint256 public immutable publicBytes;
    /// Keccak-256 of the hashes of the segments' codes.
    bytes32 private immutable codes;

    /// Segments hold the multiples of the order in their first four words, which the first one writes.
    uint256 private constant BEFORE = 128;

    error AnotherProgram(bytes32 expected, bytes32 found);
    error NoTable();
    error NotEnoughGas(uint256 needed);

    constructor(
        bytes32 id,
        bytes32 digest,
        bool insecure,
        uint256 gasLimit,
        uint256 proofLength,
        uint256 publicLength,
        address[] memory segments
    ) {
        bytes memory hashes;
        bytes memory code = hex"00";
        for (uint256 i = 0; i < segments.length; ++i) {
            hashes = bytes.concat(hashes, segments[i].codehash);
            code = bytes.concat(code, bytes20(segments[i]));
        }
        bytes32 all = keccak256(hashes);
        bytes32 found = keccak256(abi.encode(id, insecure, gasLimit, proofLength, publicLength, all));
        if (found != digest || segments.length == 0) revert AnotherProgram(digest, found);
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: leaves what follows as the code.
        bytes memory init = bytes.concat(hex"61", bytes2(uint16(code.length)), hex"80600a5f395ff3", code);
        address made;
        assembly ("memory-safe") {
            made := create(0, add(init, 32), mload(init))
        }
        if (made == address(0)) revert NoTable();
        (modelId, program, developmentSrs, table) = (id, digest, insecure, made);
        (gasNeeded, proofBytes, publicBytes, codes) = (gasLimit, proofLength, publicLength, all);
    }

    /// @inheritdoc IVerifier
    function verify(bytes calldata proof, bytes calldata publicValues, bytes32 context) external view returns (bool) {
        if (proof.length != proofBytes || publicValues.length != publicBytes) return false;
        if (gasleft() < gasNeeded) revert NotEnoughGas(gasNeeded);
        address segments = table;
        bytes32 hashes = codes;
        (bool accepted, bool starved) = (true, false);
        // No variable of Solidity's lies in memory from here to the end: the function returns a word and nothing else.
        assembly {
            let addresses := mload(0x40)
            let length := sub(extcodesize(segments), 1)
            extcodecopy(segments, addresses, 1, length)
            let start := and(add(add(addresses, length), 31), not(31))
            // The codes that are there now.
            let end := start
            for { let i := 0 } lt(i, length) { i := add(i, 20) } {
                mstore(end, extcodehash(shr(96, mload(add(addresses, i)))))
                end := add(end, 32)
            }
            let found := keccak256(start, sub(end, start))
            if iszero(eq(found, hashes)) {
                // AnotherProgram(hashes, found).
                mstore(0, shl(224, 0xb3ae42c0))
                mstore(4, hashes)
                mstore(36, found)
                revert(0, 68)
            }
            mstore(add(start, BEFORE), context)
            let at := add(start, add(BEFORE, 32))
            calldatacopy(at, proof.offset, proof.length)
            at := add(at, proof.length)
            calldatacopy(at, publicValues.offset, publicValues.length)
            let size := sub(add(at, publicValues.length), start)
            for { let i := 0 } lt(i, length) { i := add(i, 20) } {
                accepted := staticcall(gas(), shr(96, mload(add(addresses, i))), start, size, 0, 0)
                if iszero(accepted) {
                    // A segment that refuses leaves one byte.
                    starved := iszero(returndatasize())
                    break
                }
                size := returndatasize()
                returndatacopy(start, 0, size)
            }
            accepted := and(accepted, and(eq(size, 32), eq(mload(start), 1)))
        }
        if (starved) revert NotEnoughGas(gasNeeded);
        return accepted;
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "./IVerifier.sol";

/// Pays whoever shows that a committed network reads a given digit in an image, without showing the image: an example.
///
/// What is proved is that *some* image makes the network answer so, of which the claimant has proved it; nobody says that a person
/// would read the digit in it. A prize with money in it needs more than that.
contract DigitPrize {
    IVerifier public immutable verifier;
    uint256 public immutable digit;
    uint256 public immutable prize;
    uint256 private constant CLASSES = 10;

    /// Proofs that were paid for, by claimant: the context of each is new.
    mapping(address claimant => uint256) public claims;

    error Refused();
    error AnotherVerifier(bytes32 expected, bytes32 found);
    error InsecureSrs();
    error NotTenScores(uint256 bytesFound);
    error AnotherDigit(uint256 read);
    error NotPaid();

    /// `program`: what `audit-evm` says of the verifier, whose code it has compared. `insecure`: whether one on a development SRS will
    /// do, as it does in tests and nowhere else. What is paid in is for prizes, and is never paid back.
    constructor(IVerifier checker, bytes32 program, uint256 wanted, uint256 amount, bool insecure) payable {
        if (checker.program() != program) revert AnotherVerifier(program, checker.program());
        if (checker.developmentSrs() && !insecure) revert InsecureSrs();
        verifier = checker;
        digit = wanted;
        prize = amount;
    }

    /// The context that the next proof of `claimant` has to be made with: of this chain, this contract, this claimant, and once.
    function contextOf(address claimant) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), claimant, claims[claimant]));
    }

    /// More prizes.
    receive() external payable {}

    /// Pays the sender for a proof whose only public values are the network's ten scores, in two words.
    function claim(bytes calldata proof, bytes calldata scores) external {
        if (scores.length != 64) revert NotTenScores(scores.length);
        if (!verifier.verify(proof, scores, contextOf(msg.sender))) revert Refused();
        uint256 read = largest(scores);
        if (read != digit) revert AnotherDigit(read);
        // Before the payment: whoever is paid and calls again needs a new proof.
        claims[msg.sender] += 1;
        (bool paid,) = msg.sender.call{value: prize}("");
        if (!paid) revert NotPaid();
    }

    /// The index of the first largest of ten little-endian 32-bit integers.
    function largest(bytes calldata scores) internal pure returns (uint256 index) {
        int32 best = type(int32).min;
        for (uint256 i = 0; i < CLASSES; ++i) {
            uint32 word;
            for (uint256 j = 0; j < 4; ++j) {
                word |= uint32(uint8(scores[4 * i + j])) << uint32(8 * j);
            }
            int32 score = int32(word);
            if (score > best) (best, index) = (score, i);
        }
    }
}

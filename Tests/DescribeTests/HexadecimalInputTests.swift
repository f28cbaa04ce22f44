import Describe
import Testing

/// Octets as people write and copy them.
@Suite struct HexadecimalInputTests {
    @Test(
        "Octets are read in every usual form",
        arguments: [
            "0216ab", "02 16 AB", "02:16:ab", "0x02, 0x16, 0xAB", "\\x02\\x16\\xab", "0x0216ab\n", "{0x02,0x16,0xab}",
        ])
    func forms(text: String) {
        #expect(HexadecimalInput.octets(text) == .success([0x02, 0x16, 0xAB]))
    }

    @Test(
        "What is no octet is told with its position",
        arguments: [
            ("02 1", "the digit at position 4 lacks its second one"),
            ("02 zz", "\"z\" at position 4 is no hexadecimal digit"),
            ("", "there are no octets"), ("0x", "there are no octets"),
        ])
    func failures(text: String, message: String) {
        guard case .failure(let failure) = HexadecimalInput.octets(text) else {
            Issue.record("read")
            return
        }
        #expect(failure.message == message)
    }
}

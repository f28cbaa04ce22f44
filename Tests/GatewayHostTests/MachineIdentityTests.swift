import Testing

@testable import GatewayHost

/// Proves that the gateway's own client identifier is the machine's for ever, and does not tell which machine that is.
@Suite struct MachineIdentityTests {
    private static let machineID = Array("0123456789abcdef0123456789abcdef".utf8)

    private func name(_ machineID: [UInt8]?, _ hostName: String, _ gatewayID: UInt8) -> String {
        let identity = MachineIdentity(machineID: machineID, hostName: hostName)
        return String(decoding: identity.sharedClientID(gatewayID: gatewayID), as: UTF8.self)
    }

    /// Another one would leave the old one's session at the broker, so it stays what it is from version to version.
    @Test func itIsTheSameAtEveryStart() {
        #expect(name(Self.machineID, "edge", 1) == "swiftlet-c06bb1545e812b")
        #expect(MachineIdentity.current == MachineIdentity.current)
    }

    @Test func everyMachineNameAndNumberHasItsOwn() {
        let names = [
            name(Self.machineID, "edge", 1), name(Self.machineID, "edge", 2), name(Self.machineID, "edge1", 1),
            name(Array("0123456789abcdef0123456789abcdee".utf8), "edge", 1), name(nil, "edge", 1), name(nil, "edg", 1),
        ]
        #expect(Set(names).count == names.count)
    }

    /// MQTT 3.1.1 §3.1.3.1: every broker takes 1 to 23 of these characters.
    @Test func everyBrokerTakesIt() {
        let allowed = Set("0123456789abcdefghijklmnopqrstuvwxyz-")
        for name in [name(Self.machineID, "edge", 1), name(nil, "", 255)] {
            #expect(name.count == 23)
            #expect(name.allSatisfy(allowed.contains))
        }
    }

    /// FIPS 180-4, from the examples of NIST and from empty to three blocks.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "x", count: 119),
            "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c"
        ),
    ])
    func theHashIsSHA256(text: String, digest: String) {
        let digits = SHA256.hash(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digits == digest)
    }
}

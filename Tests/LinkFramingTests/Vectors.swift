// Byte strings of XBee API frames and of the other framings, for both directions; [V] are vendors' examples and captures.

import LinkFraming
import Testing

/// An XBee API frame as it goes over the wire in mode 1 and, where that differs, in mode 2.
struct XBeeVector: Sendable, CustomTestStringConvertible {
    var name: String
    var mode1: [UInt8]
    var mode2: [UInt8]

    init(_ name: String, _ mode1: String, escaped mode2: String? = nil) {
        self.name = name
        self.mode1 = octets(mode1)
        self.mode2 = octets(mode2 ?? mode1)
    }

    var testDescription: String { name }

    /// What lies between length and checksum.
    var data: [UInt8] { Array(mode1[3..<(mode1.count - 1)]) }

    static let all =
        commands + receptions + transmissions + statuses + [
            XBeeVector("escapes [V]", "7E 00 02 23 11 CB", escaped: "7E 00 02 23 7D 31 CB")
        ]

    static let commands = [
        XBeeVector("AT NP", "7E 00 04 08 01 4E 50 58"),
        XBeeVector("NP is 84", "7E 00 07 88 01 4E 50 00 00 54 84"),
        XBeeVector("NP is 255", "7E 00 07 88 01 4E 50 00 00 FF D9"),
        XBeeVector("AT AP", "7E 00 04 08 02 41 50 64"),
        XBeeVector("AT AO=0", "7E 00 05 08 03 41 4F 00 64"),
        XBeeVector("AO refused", "7E 00 05 88 03 41 4F 03 E1"),
        XBeeVector("AT SH", "7E 00 04 08 04 53 48 58"),
        XBeeVector(
            "SH", "7E 00 09 88 04 53 48 00 00 13 A2 00 23", escaped: "7E 00 09 88 04 53 48 00 00 7D 33 A2 00 23"),
        XBeeVector("AT WR", "7E 00 04 08 06 57 52 48"),
    ]

    static let receptions = [
        XBeeVector("capture, 0x90 [V]", "7E 00 0F 90 00 13 A2 00 40 A6 92 B1 8B 00 01 03 09 30 C9")
            .escapedAsData("7E 00 0F 90 00 7D 33 A2 00 40 A6 92 B1 8B 00 01 03 09 30 C9"),
        XBeeVector(
            "SEARCHGW", "7E 00 0F 90 00 13 A2 00 40 52 2B AA 7D 84 02 03 01 00 4C",
            escaped: "7E 00 0F 90 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 02 03 01 00 4C"),
        XBeeVector(
            "CONNECT", "7E 00 19 90 00 13 A2 00 40 52 2B AA 7D 84 01 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 34",
            escaped:
                "7E 00 19 90 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 01 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 34"),
        XBeeVector(
            "REGISTER", "7E 00 18 90 00 13 A2 00 40 52 2B AA 7D 84 01 0C 0A 00 00 00 11 61 2F 74 65 6D 70 E4",
            escaped:
                "7E 00 18 90 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 01 0C 0A 00 00 00 7D 31 61 2F 74 65 6D 70 E4"),
        XBeeVector(
            "PUBLISH from an end device",
            "7E 00 17 90 00 13 A2 00 40 52 2B AA 7D 84 41 0B 0C 20 00 01 00 07 32 31 2E 35 0C",
            escaped: "7E 00 17 90 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 41 0B 0C 20 00 01 00 07 32 31 2E 35 0C"),
        XBeeVector(
            "PUBLISH QoS -1", "7E 00 17 90 00 13 A2 00 40 52 2B AA 7D 84 01 0B 0C 62 41 42 00 00 32 31 2E 35 8F",
            escaped: "7E 00 17 90 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 01 0B 0C 62 41 42 00 00 32 31 2E 35 8F"),
        XBeeVector(
            "PUBLISH as 0x91",
            "7E 00 1D 91 00 13 A2 00 40 52 2B AA 7D 84 E8 E8 00 11 C1 05 01 0B 0C 20 00 01 00 07 32 31 2E 35 A4",
            escaped: """
                7E 00 1D 91 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 E8 E8 00 7D 31 C1 05 01 0B 0C 20 00 01 00 07 32 31 2E 35
                A4
                """),
        XBeeVector("0x91 [V]", "7E 00 18 91 00 13 A2 00 41 AE B5 4E FF FE E8 E8 00 11 C1 05 C1 54 78 44 61 74 61 1C")
            .escapedAsData(
                "7E 00 18 91 00 7D 33 A2 00 41 AE B5 4E FF FE E8 E8 00 7D 31 C1 05 C1 54 78 44 61 74 61 1C"),
        XBeeVector("IO sample [V]", "7E 00 14 92 00 13 A2 00 40 52 2B AA 7D 84 01 01 00 1C 02 00 14 02 25 F5")
            .escapedAsData("7E 00 14 92 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 01 01 00 1C 02 00 14 02 25 F5"),
        XBeeVector(
            "node identification, 900HP [V]",
            """
            7E 00 25 95 00 13 A2 00 40 74 02 AC FF FE C2 FF FE 00 13 A2 00 40 74 02 AC 20 00 FF FE 01 01 C1 05 10 1E 00
            0C 00 00 2E 33
            """
        ).escapedAsData(
            """
            7E 00 25 95 00 7D 33 A2 00 40 74 02 AC FF FE C2 FF FE 00 7D 33 A2 00 40 74 02 AC 20 00 FF FE 01 01 C1 05 10
            1E 00 0C 00 00 2E 33
            """),
        XBeeVector(
            "node identification, Zigbee",
            """
            7E 00 20 95 00 13 A2 00 40 52 2B AA 7D 84 02 7D 84 00 13 A2 00 40 52 2B AA 20 00 FF FE 01 01 C1 05 10 1E 1B
            """
        ).escapedAsData(
            """
            7E 00 20 95 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 02 7D 5D 84 00 7D 33 A2 00 40 52 2B AA 20 00 FF FE 01 01 C1
            05 10 1E 1B
            """),
        XBeeVector(
            "0x80, -40 dBm", "7E 00 18 80 00 13 A2 00 40 52 2B AA 28 00 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 1E"
        ).escapedAsData("7E 00 18 80 00 7D 33 A2 00 40 52 2B AA 28 00 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 1E"),
    ]

    static let transmissions = [
        XBeeVector("capture, DISCONNECT [V]", "7E 00 10 10 01 00 13 A2 00 40 A6 92 B1 8B 00 00 00 02 18 6B")
            .escapedAsData("7E 00 10 10 01 00 7D 33 A2 00 40 A6 92 B1 8B 00 00 00 02 18 6B"),
        XBeeVector("capture, checksum 0 [V]", "7E 00 10 10 01 00 13 A2 00 40 F1 6E B5 4A 81 00 00 02 18 00")
            .escapedAsData("7E 00 10 10 01 00 7D 33 A2 00 40 F1 6E B5 4A 81 00 00 02 18 00"),
        XBeeVector(
            "GWINFO, broadcast", "7E 00 11 10 03 00 00 00 00 00 00 FF FF FF FE 00 00 03 02 01 EB",
            escaped: "7E 00 7D 31 10 03 00 00 00 00 00 00 FF FF FF FE 00 00 03 02 01 EB"),
        XBeeVector(
            "ADVERTISE, no status", "7E 00 13 10 00 00 00 00 00 00 00 FF FF FF FE 00 00 05 00 01 03 84 67",
            escaped: "7E 00 7D 33 10 00 00 00 00 00 00 00 FF FF FF FE 00 00 05 00 01 03 84 67"),
        XBeeVector(
            "CONNECT to the coordinator",
            "7E 00 1B 10 01 00 00 00 00 00 00 00 00 FF FE 00 00 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 D4"),
        XBeeVector(
            "CONNACK, 16-bit unknown", "7E 00 11 10 01 00 13 A2 00 40 52 2B AA FF FE 00 00 03 05 00 CD",
            escaped: "7E 00 7D 31 10 01 00 7D 33 A2 00 40 52 2B AA FF FE 00 00 03 05 00 CD"),
        XBeeVector(
            "CONNACK, 16-bit cached", "7E 00 11 10 02 00 13 A2 00 40 52 2B AA 7D 84 00 00 03 05 00 C8",
            escaped: "7E 00 7D 31 10 02 00 7D 33 A2 00 40 52 2B AA 7D 5D 84 00 00 03 05 00 C8"),
        XBeeVector(
            "PUBACK as 0x11",
            "7E 00 1B 11 05 00 13 A2 00 40 52 2B AA FF FE E8 E8 00 11 C1 05 00 00 07 0D 00 01 00 07 00 0D",
            escaped: """
                7E 00 1B 7D 31 05 00 7D 33 A2 00 40 52 2B AA FF FE E8 E8 00 7D 31 C1 05 00 00 07 0D 00 01 00 07 00 0D
                """),
        XBeeVector("PINGRESP, extended timeout", "7E 00 10 10 04 00 13 A2 00 40 52 2B AA FF FE 00 40 02 17 79")
            .escapedAsData("7E 00 10 10 04 00 7D 33 A2 00 40 52 2B AA FF FE 00 40 02 17 79"),
        XBeeVector(
            "DISCONNECT, many escapes", "7E 00 10 10 7E 00 13 A2 00 40 7E 13 11 FF FE 00 00 02 18 C3",
            escaped: "7E 00 10 10 7D 5E 00 7D 33 A2 00 40 7D 5E 7D 33 7D 31 FF FE 00 00 02 18 C3"),
        XBeeVector("CONNACK as 0x00", "7E 00 0E 00 01 00 13 A2 00 40 52 2B AA 00 03 05 00 DA")
            .escapedAsData("7E 00 0E 00 01 00 7D 33 A2 00 40 52 2B AA 00 03 05 00 DA"),
    ]

    static let statuses = [
        XBeeVector("capture, delivered [V]", "7E 00 07 8B 01 8B 00 00 00 00 E8"),
        XBeeVector("capture, 0x24 retries [V]", "7E 00 07 8B 01 4A 81 24 00 00 84"),
        XBeeVector(
            "delivered after discovery [V]", "7E 00 07 8B 01 7D 84 00 00 01 71",
            escaped: "7E 00 07 8B 01 7D 5D 84 00 00 01 71"),
        XBeeVector(
            "delivered", "7E 00 07 8B 02 7D 84 00 00 00 71", escaped: "7E 00 07 8B 02 7D 5D 84 00 00 00 71"),
        XBeeVector("delivered, 2 retries [V]", "7E 00 07 8B 52 12 34 02 00 01 D9"),
        XBeeVector("no network acknowledgement", "7E 00 07 8B 04 FF FD 02 21 00 51"),
        XBeeVector("address not found", "7E 00 07 8B 04 FF FD 00 24 01 4F"),
        XBeeVector(
            "route not found", "7E 00 07 8B 04 7D 84 00 25 02 48", escaped: "7E 00 07 8B 04 7D 5D 84 00 25 02 48"),
        XBeeVector("payload too large", "7E 00 07 8B 05 FF FE 00 74 00 FE"),
        XBeeVector("broadcast", "7E 00 07 8B 03 FF FE 00 00 00 74"),
        XBeeVector("hardware reset", "7E 00 02 8A 00 75"),
        XBeeVector("watchdog reset", "7E 00 02 8A 01 74"),
        XBeeVector("joined", "7E 00 02 8A 02 73"),
        XBeeVector("disassociated", "7E 00 02 8A 03 72"),
        XBeeVector("coordinator started", "7E 00 02 8A 06 6F"),
        XBeeVector("delivered, 0x89", "7E 00 03 89 01 00 75"),
        XBeeVector(
            "route record over three hops [V]", "7E 00 13 A1 00 13 A2 00 40 40 11 22 33 44 01 03 EE FF CC DD AA BB 80",
            escaped: "7E 00 7D 33 A1 00 7D 33 A2 00 40 40 7D 31 22 33 44 01 03 EE FF CC DD AA BB 80"),
        XBeeVector(
            "create source route [V]", "7E 00 14 21 00 00 13 A2 00 40 40 11 22 33 44 00 03 EE FF CC DD AA BB 01",
            escaped: "7E 00 14 21 00 00 7D 33 A2 00 40 40 7D 31 22 33 44 00 03 EE FF CC DD AA BB 01"),
    ]

    private func escapedAsData(_ text: String) -> XBeeVector {
        var copy = self
        copy.mode2 = octets(text)
        return copy
    }
}

/// A datagram as one of the other framings carries it.
struct FramingVector: Sendable, CustomTestStringConvertible {
    var framing: Framing
    var datagram: [UInt8]
    var wire: [UInt8]

    init(_ framing: Framing, _ datagram: [UInt8], _ wire: String) {
        self.framing = framing
        self.datagram = datagram
        self.wire = octets(wire)
    }

    var testDescription: String { "\(framing): \(hexadecimal(wire))" }

    static let connect = octets("0D 04 04 01 00 3C 73 65 6E 73 6F 72 31")
    /// Has every octet with a meaning of its own in some framing.
    static let special = octets("0B 0C 20 C0 DB 7E 7D 00 11 13 41")

    static let all = [
        FramingVector(.lengthPrefixed, connect, "0D 04 04 01 00 3C 73 65 6E 73 6F 72 31"),
        FramingVector(
            .lengthPrefixed, octets("0B FE 00 00 13 A2 00 40 52 2B AA") + connect,
            "0B FE 00 00 13 A2 00 40 52 2B AA 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31"),
        FramingVector(.slip, connect, "C0 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 C0"),
        FramingVector(.slip, special, "C0 0B 0C 20 DB DC DB DD 7E 7D 00 11 13 41 C0"),
        FramingVector(.cobs(hasChecksum: false), connect, "05 0D 04 04 01 09 3C 73 65 6E 73 6F 72 31 00"),
        FramingVector(.cobs(hasChecksum: false), special, "08 0B 0C 20 C0 DB 7E 7D 04 11 13 41 00"),
        // Computed here from the two framings above: the FCS is HDLC's.
        FramingVector(.cobs(hasChecksum: true), connect, "05 0D 04 04 01 0B 3C 73 65 6E 73 6F 72 31 17 69 00"),
        FramingVector(.cobs(hasChecksum: true), special, "08 0B 0C 20 C0 DB 7E 7D 06 11 13 41 1B E9 00"),
        FramingVector(.hdlc, connect, "7E 0D 04 04 01 00 3C 73 65 6E 73 6F 72 31 17 69 7E"),
        FramingVector(.hdlc, special, "7E 0B 0C 20 C0 DB 7D 5E 7D 5D 00 11 13 41 1B E9 7E"),
    ]
}

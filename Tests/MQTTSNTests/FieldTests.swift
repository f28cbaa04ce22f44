// Proves the fields that messages share: flags, QoS, types and reasons.

import MQTTSN
import Testing

@Suite struct FieldTests {
    /// §5.3.4, bit by bit.
    @Test func flagsAreWhereTheSpecificationPutsThem() {
        #expect(Flags(duplicate: true).rawValue == 0b1000_0000)
        #expect(Flags(qos: .atLeastOnce).rawValue == 0b0010_0000)
        #expect(Flags(qos: .exactlyOnce).rawValue == 0b0100_0000)
        #expect(Flags(qos: .minusOne).rawValue == 0b0110_0000)
        #expect(Flags(retain: true).rawValue == 0b0001_0000)
        #expect(Flags(will: true).rawValue == 0b0000_1000)
        #expect(Flags(cleanSession: true).rawValue == 0b0000_0100)
        #expect(Flags(topicIDType: .predefined).rawValue == 0b0000_0001)
        #expect(Flags(topicIDType: .shortName).rawValue == 0b0000_0010)
        #expect(Flags(topicIDType: .reserved).rawValue == 0b0000_0011)
        #expect(Flags().rawValue == 0)
    }

    @Test func everyFlagsOctetIsReadAndBuiltAlike() {
        for octet in UInt8.min...UInt8.max {
            let read = Flags(rawValue: octet)
            let built = Flags(
                duplicate: read.duplicate, qos: read.qos, retain: read.retain, will: read.will,
                cleanSession: read.cleanSession, topicIDType: read.topicIDType)
            #expect(built.rawValue == octet)
        }
    }

    /// QoS −1 promises less than QoS 0, whatever its bits are.
    @Test func qualityOfServiceOrdersByWhatIsPromised() {
        let sorted: [QualityOfService] = [.minusOne, .atMostOnce, .atLeastOnce, .exactlyOnce]
        #expect([.atMostOnce, .atLeastOnce, .exactlyOnce, .minusOne].sorted() == sorted)
        #expect(min(QualityOfService.exactlyOnce, .atLeastOnce) == .atLeastOnce)
        #expect(!(QualityOfService.minusOne < .minusOne))
    }

    /// §5.3.10.
    @Test func returnCodesHaveTheirValues() {
        let codes: [ReturnCode] = [.accepted, .congestion, .invalidTopicID, .notSupported]
        #expect(codes.map(\.rawValue) == [0, 1, 2, 3])
    }

    /// §5.2.2.
    @Test func messageTypesHaveTheNamesOfTheSpecification() {
        let names: [(UInt8, String)] = [
            (0x00, "ADVERTISE"), (0x01, "SEARCHGW"), (0x02, "GWINFO"), (0x04, "CONNECT"), (0x05, "CONNACK"),
            (0x06, "WILLTOPICREQ"), (0x07, "WILLTOPIC"), (0x08, "WILLMSGREQ"), (0x09, "WILLMSG"), (0x0A, "REGISTER"),
            (0x0B, "REGACK"), (0x0C, "PUBLISH"), (0x0D, "PUBACK"), (0x0E, "PUBCOMP"), (0x0F, "PUBREC"),
            (0x10, "PUBREL"), (0x12, "SUBSCRIBE"), (0x13, "SUBACK"), (0x14, "UNSUBSCRIBE"), (0x15, "UNSUBACK"),
            (0x16, "PINGREQ"), (0x17, "PINGRESP"), (0x18, "DISCONNECT"), (0x1A, "WILLTOPICUPD"),
            (0x1B, "WILLTOPICRESP"), (0x1C, "WILLMSGUPD"), (0x1D, "WILLMSGRESP"), (0xFE, "ENCAPSULATED"),
        ]
        for (code, name) in names {
            #expect(MessageType(rawValue: code)?.specificationName == name)
        }
        #expect(names.count == MessageType.allCases.count)
    }

    /// Counters are indexed by the raw value, and every reason is one that some error has.
    @Test func reasonsIndexAnArrayOfCounters() {
        #expect(DecodeReason.allCases.map { Int($0.rawValue) } == Array(0..<DecodeReason.allCases.count))
        let errors = InvalidVector.all.compactMap { vector in
            if case .refused(let error) = vector.outcome { error } else { nil }
        }
        let reasons = Set(errors.map(\.reason))
        #expect(reasons == Set(DecodeReason.allCases))
    }

    @Test func everyTypeHasAVector() {
        let types = Set(ValidVector.all.map(\.expected.type))
        #expect(types == Set(MessageType.allCases))
    }
}

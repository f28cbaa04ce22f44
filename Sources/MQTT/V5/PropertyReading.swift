// Reading properties (MQTT 5.0 §2.2.2): once to check them where their packet is decoded, and again by whoever they
// concern.

public import Bytes

extension Packet5 {
    /// The property at `position` of `properties`, or nil after the last one; moves `position` behind it.
    ///
    /// - Parameters:
    ///   - properties: of a decoded packet, its own or its Will's.
    ///   - frame: the bytes that the packet was decoded from.
    ///   - position: 0 to begin with (anything before `properties` is), afterwards as the last call left it.
    /// - Returns: the property, with ranges that are offsets into `frame`.
    public static func nextProperty(
        of properties: ByteRange, in frame: RawSpan, at position: inout Int
    ) -> Property? {
        let start = max(position, properties.lowerBound)
        guard start < properties.upperBound, properties.upperBound <= frame.byteCount else { return nil }
        var reader = BodyReader(start..<properties.upperBound)
        guard let property = try? reader.property(of: frame) else { return nil }
        position = property.range.upperBound
        return property
    }

    /// The number that a property has; nil where it is not there. Properties that are no numbers have none.
    public static func number(
        _ identifier: PropertyIdentifier, in properties: ByteRange, of frame: RawSpan
    ) -> UInt32? {
        var position = 0
        while let property = nextProperty(of: properties, in: frame, at: &position) {
            if property.identifier == identifier, case .number(let number) = property.value { return number }
        }
        return nil
    }

    /// Where the octets of a string or of binary data lie; nil where it is not there.
    public static func octets(
        _ identifier: PropertyIdentifier, in properties: ByteRange, of frame: RawSpan
    ) -> ByteRange? {
        var position = 0
        while let property = nextProperty(of: properties, in: frame, at: &position) {
            if property.identifier == identifier, case .octets(let octets) = property.value { return octets }
        }
        return nil
    }
}

extension BodyReader {
    /// Reads a Variable Byte Integer (§1.5.5).
    mutating func variableByteInteger(of frame: RawSpan) throws(PacketError) -> Int {
        let reading: RemainingLength.Reading?
        do throws(PacketError) {
            reading = try RemainingLength.read(in: frame, at: remaining.lowerBound)
        } catch {
            throw .malformedVariableByteInteger
        }
        guard let reading, reading.byteCount <= remaining.count else { throw .truncated }
        guard reading.isShortest else { throw .malformedVariableByteInteger }
        _ = try take(reading.byteCount)
        return reading.value
    }

    /// Moves over the properties of a packet or of its Will, each of which is checked; the range leaves their length
    /// out.
    mutating func properties(of frame: RawSpan, _ owner: PropertyOwners) throws(PacketError) -> ByteRange {
        let start = self
        let byteCount = try variableByteInteger(of: frame)
        guard byteCount <= remaining.count else { throw fault(.truncated, at: start) }
        let section = try take(byteCount)
        if section.isEmpty { return section }
        var reader = BodyReader(section)
        do throws(PacketError) {
            try reader.checkProperties(of: frame, owner)
        } catch {
            throw fault(error, at: reader)
        }
        return section
    }

    private mutating func checkProperties(of frame: RawSpan, _ owner: PropertyOwners) throws(PacketError) {
        var seen: UInt64 = 0
        while !remaining.isEmpty {
            let start = self
            let property = try property(of: frame)
            let identifier = property.identifier
            guard identifier.owners.contains(owner) else { throw fault(.misplacedProperty, at: start) }
            let bit: UInt64 = 1 << UInt64(identifier.rawValue)
            guard seen & bit == 0 || identifier.repeats(in: owner) else { throw fault(.repeatedProperty, at: start) }
            seen |= bit
            guard property.hasAllowedValue(in: frame) else { throw fault(.invalidPropertyValue, at: start) }
        }
        let method: UInt64 = 1 << UInt64(PropertyIdentifier.authenticationMethod.rawValue)
        let data: UInt64 = 1 << UInt64(PropertyIdentifier.authenticationData.rawValue)
        guard seen & data == 0 || seen & method != 0 else { throw .authenticationDataWithoutMethod }
    }

    /// Reads one property, whatever packet it stands in.
    fileprivate mutating func property(of frame: RawSpan) throws(PacketError) -> Property {
        let start = self
        // All identifiers are below 128, so that the shortest form of the Variable Byte Integer is one octet.
        guard let identifier = PropertyIdentifier(rawValue: try byte(of: frame)) else {
            throw fault(.unknownProperty, at: start)
        }
        let value: Property.Value
        do throws(PacketError) {
            value = try self.value(of: identifier.type, in: frame)
        } catch {
            throw fault(error == .truncated ? .truncatedProperty : error, at: start)
        }
        return Property(
            identifier: identifier, value: value, range: start.remaining.lowerBound..<remaining.lowerBound)
    }

    private mutating func value(of type: PropertyType, in frame: RawSpan) throws(PacketError) -> Property.Value {
        switch type {
        case .flag: return .number(UInt32(try byte(of: frame)))
        case .twoByteInteger: return .number(UInt32(try uint16(of: frame)))
        case .fourByteInteger:
            let high = try uint16(of: frame)
            return .number(UInt32(high) << 16 | UInt32(try uint16(of: frame)))
        case .variableByteInteger: return .number(UInt32(try variableByteInteger(of: frame)))
        case .string: return .octets(try string(of: frame))
        case .binary: return .octets(try binary(of: frame))
        case .stringPair:
            let name = try string(of: frame)
            return .pair(name, try string(of: frame))
        }
    }
}

extension Property {
    /// Whether the value is one that the property may have (§3.1.2.11 to §3.3.2.3).
    fileprivate func hasAllowedValue(in frame: RawSpan) -> Bool {
        switch value {
        case .number(let number): identifier.type == .flag ? number <= 1 : number > 0 || !identifier.isNeverZero
        case .octets(let octets):
            identifier != .responseTopic
                || !octets.isEmpty && !TopicFilter.hasWildcards(frame.extracting(octets))
        case .pair: true
        }
    }
}

import MQTT
import MQTTSN
import Testing

extension RealSocketTests {
    /// The built gateway in front of RabbitMQ's plug-in for MQTT, which speaks 3.1.1 alone, has no QoS 2, and closes on a
    /// CONNECT of 5.0.
    @Suite(
        .serialized, .enabled(if: OtherBroker.Make.rabbitMQ.isExpected, "RabbitMQ is not installed"),
        .one(.rabbitMQ))
    struct RabbitMQTests {
        private static let doors = [
            Door(scheme: "mqtt", version: "3.1.1", longestQoS: .atLeastOnce),
            Door(scheme: "mqtt", version: "auto", longestQoS: .atLeastOnce),
        ]
        private static let door = doors[0]

        @Test(arguments: doors) func messagesGoUp(door: Door) throws {
            try Trial(door).publishUp([.atMostOnce, .atLeastOnce])
        }

        @Test(arguments: doors) func messagesComeDown(door: Door) throws { try Trial(door).publishDown() }

        @Test func aWildcardsTopicsAreRegistered() throws { try Trial(Self.door).wildcard() }

        @Test func retainedMessagesPassBothWays() throws { try Trial(Self.door).retained() }

        @Test func onlyTheWillOfTheLostIsPublished() throws { try Trial(Self.door).wills() }

        @Test func aSleeperGetsItsMessagesWhenItWakes() throws { try Trial(Self.door).sleeper(wakeUpCount: 1) }

        @Test func aLastingSessionOutlivesTheGateway() throws { try Trial(Self.door).lastingSession() }

        @Test(arguments: doors) func aWrongPasswordIsToldToClientAndOwner(door: Door) throws {
            try Trial.wrongPassword(door)
        }

        @Test func aRestartOfTheBrokerIsSurvived() throws { try Trial(Self.door).restart() }

        /// It has no QoS 2, and answers it as QoS 1: the client is told 0x03, once and for good, with its connection as it
        /// was.
        @Test func exactlyOnceIsNotSupported() throws {
            let trial = try Trial(Self.door)
            let observer = try trial.observer(of: "#")
            let sensor = try Sensor(trial.gateway.address)
            try sensor.connect(trial.name + "s", will: (topic: "\(trial.name)/wills", message: "gone"), keepAlive: 60)
            let topicID = try sensor.register("\(trial.name)/up")
            for id in UInt16(5)...7 {
                try sensor.send(Datagram.publish(topicID, [UInt8(id)], qos: .exactlyOnce, messageID: id))
                try sensor.expect(Datagram.publishAcknowledgement(topicID, id, .notSupported))
            }
            try sensor.publishAtLeastOnce(topicID, [9], messageID: 9)
            // The first one it has passed on; it could not be known before.
            #expect(try observer.expectMessage().payload == [5])
            #expect(try observer.expectMessage().payload == [9])
            try observer.expectNothingMore()
            #expect(!trial.gateway.logs("client's broker connection lost", within: .zero))
        }
    }
}

import MQTT
import MQTTSN
import Testing

extension RealSocketTests {
    /// The built gateway in front of ejabberd's `mod_mqtt`, by each of its doors, in both versions of MQTT.
    @Suite(
        .serialized, .enabled(if: OtherBroker.Make.ejabberd.isExpected, "ejabberd is not installed"),
        .one(.ejabberd))
    struct EjabberdTests {
        private static let doors = [
            Door(scheme: "mqtt", version: "3.1.1"), Door(scheme: "mqtt", version: "5.0"),
            Door(scheme: "mqtts", version: "auto"), Door(scheme: "ws", version: "3.1.1"),
            Door(scheme: "wss", version: "5.0"),
        ]
        /// Both versions, where the door makes no difference.
        private static let versions = Array(doors.prefix(2))

        @Test(arguments: doors) func messagesOfEachLevelGoUp(door: Door) throws {
            try Trial(door).publishUp([.atMostOnce, .atLeastOnce, .exactlyOnce])
        }

        @Test(arguments: doors) func messagesOfEachLevelComeDown(door: Door) throws { try Trial(door).publishDown() }

        @Test(arguments: versions) func aWildcardsTopicsAreRegistered(door: Door) throws { try Trial(door).wildcard() }

        @Test(arguments: versions) func retainedMessagesPassBothWays(door: Door) throws { try Trial(door).retained() }

        @Test(arguments: doors) func onlyTheWillOfTheLostIsPublished(door: Door) throws { try Trial(door).wills() }

        /// ejabberd has one message under way to each client.
        @Test(arguments: versions) func aSleeperGetsItsMessagesWhenItWakes(door: Door) throws {
            try Trial(door).sleeper(wakeUpCount: 4)
        }

        @Test(arguments: versions) func aLastingSessionOutlivesTheGateway(door: Door) throws {
            try Trial(door).lastingSession()
        }

        @Test(arguments: doors) func aWrongPasswordIsToldToClientAndOwner(door: Door) throws {
            try Trial.wrongPassword(door)
        }

        @Test(arguments: versions) func aRestartOfTheBrokerIsSurvived(door: Door) throws { try Trial(door).restart() }

        /// It has no shared subscriptions, says so in MQTT 5.0, and would end the connection.
        @Test func aSharedSubscriptionIsNotSupported() throws {
            let trial = try Trial(Self.versions[1])
            let observer = try trial.observer(of: "#")
            let sensor = try Sensor(trial.gateway.address)
            try sensor.connect(trial.name + "s", will: (topic: "\(trial.name)/wills", message: "gone"), keepAlive: 60)
            let filter = octets("$share/group/\(trial.name)/down")
            try sensor.send(Datagram.subscribe(filter, qos: .atLeastOnce, messageID: 3))
            try sensor.expectSubscribeAcknowledgement(qos: .atMostOnce, messageID: 3, code: .notSupported)
            try sensor.publishAtLeastOnce(try sensor.register("\(trial.name)/up"), [1], messageID: 9)
            #expect(try observer.expectMessage().payload == [1])
            try observer.expectNothingMore()
            #expect(trial.gateway.logs("a shared subscription, which it does not take, as the broker has said"))
            #expect(!trial.gateway.logs("client's broker connection lost", within: .zero))
        }
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using Automation.Intake.Tests.Support;
using Automation.Storage.Events;
using Automation.Testing;

namespace Automation.Intake.Tests.Verification;

/// <summary>Verification as senders meet it: over HTTP.</summary>
public sealed class HttpTests
{
    private static readonly ManualClock Clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    [Fact]
    public async Task A_signed_delivery_is_taken_once_however_often_it_comes()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:github:Secrets:0"] = "s" });
        const string body = """{"action":"opened","repository":{"full_name":"a/b"}}""";
        (string, string)[] headers = [("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "d-1"), ("X-Hub-Signature-256", "sha256=" + Hmac("s", body))];

        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync("github", body, headers)).StatusCode);

        await server.DrainAsync();
        Assert.Single(server.Starter.Starts);
        var stored = (await server.ListAsync())[0];
        Assert.Equal(("issues.opened", "a/b"), (stored.Type!, stored.CorrelationKey));
        Assert.Equal("sha256", (await server.Events.FindAsync(stored.Id, TestContext.Current.CancellationToken))!.Verification);
    }

    [Fact]
    public async Task What_verification_looked_at_is_kept_with_a_refused_request_and_told_to_nobody_else()
    {
        await using var server = await IntakeServer.StartAsync(new()
        {
            ["Sources:twilio:Secrets:0"] = "signing-secret",
            ["Sources:twilio:UrlSecrets:0"] = "in-the-url",
        });
        (string, string)[] headers = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", Convert.ToBase64String(new byte[20]))];

        var answer = await server.PostAsync("twilio/in-the-url?token=hidden", "CallSid=C1&CallStatus=completed", headers);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var told = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("does not match", told, StringComparison.Ordinal);
        Assert.DoesNotContain("begin", told, StringComparison.Ordinal);
        var row = await server.Events.FindAsync((await server.ListAsync(EventStatus.Rejected)).Single().Id, TestContext.Current.CancellationToken);
        var steps = row!.Verification!.Split('\n');
        var expected = Convert.ToBase64String(HMACSHA1.HashData("signing-secret"u8, Encoding.UTF8.GetBytes($"{server.Address}webhooks/twilio/in-the-url?token=hiddenCallSidC1CallStatuscompleted")));
        Assert.Contains("The URL ends with secret 1.", steps);
        Assert.Contains("Header X-Twilio-Signature is there, 28 characters.", steps);
        Assert.Contains(steps, s => s.StartsWith("Signed text {url}{form}: ", StringComparison.Ordinal));
        Assert.Contains($"With secret 1 of 1 the signature would begin {expected[..6]}…", steps);
        Assert.All(new[] { "signing-secret", "in-the-url", "hidden", expected }, secret => Assert.DoesNotContain(secret, row.Verification, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("twilio/in-the-url", "a=b", ("Content-Type", "application/x-www-form-urlencoded"), ("X-Other-Signature", "x"))).StatusCode);
        var without = (await server.Events.FindAsync((await server.ListAsync(EventStatus.Rejected))[^1].Id, TestContext.Current.CancellationToken))!.Verification;
        Assert.Matches("Headers that came: .*X-Other-Signature", without);

        // What is refused for another reason was not looked at for that.
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await server.PostAsync("twilio/in-the-url", "x", ("Content-Type", "text/plain"))).StatusCode);
        Assert.Null((await server.Events.FindAsync((await server.ListAsync(EventStatus.Rejected))[^1].Id, TestContext.Current.CancellationToken))!.Verification);
    }

    [Fact]
    public async Task The_signature_is_judged_before_the_JSON_is_read()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:github:Secrets:0"] = "s" });

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("github", "{broken", ("X-Hub-Signature-256", "sha256=" + Hmac("t", "{broken")))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("github", "{broken", ("X-Hub-Signature-256", "sha256=" + Hmac("s", "{broken")))).StatusCode);
    }

    [Fact]
    public async Task A_signature_over_the_bytes_holds_although_the_JSON_is_written_oddly()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:github:Secrets:0"] = "s" });
        const string body = "\uFEFF{ \"action\" : \"op\\u0065ned\"\r\n}";

        var response = await server.PostAsync("github", body, ("X-GitHub-Event", "issues"), ("X-Hub-Signature-256", "sha256=" + Hmac("s", body)));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("issues.opened", (await server.ListAsync()).Single().Type);
    }

    [Fact]
    public async Task Slack_gets_its_challenge_back_and_nothing_is_stored()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:slack:Secrets:0"] = "s" }, clock: Clock);
        const string body = """{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}""";
        (string, string)[] Signed(string secret) => [("X-Slack-Request-Timestamp", "1700000000"), ("X-Slack-Signature", "v0=" + Hmac(secret, "v0:1700000000:" + body))];

        var response = await server.PostAsync("slack", body, Signed("s"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await server.ListAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("slack", body, Signed("t"))).StatusCode);
    }

    [Theory]
    [InlineData("hub.mode=subscribe&hub.verify_token=token&hub.challenge=1158201444", HttpStatusCode.OK)]
    [InlineData("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1158201444", HttpStatusCode.Unauthorized)]
    [InlineData("hub.mode=subscribe&hub.challenge=1158201444", HttpStatusCode.Unauthorized)]
    [InlineData("hub.mode=other&hub.verify_token=token&hub.challenge=1158201444", HttpStatusCode.MethodNotAllowed)]
    [InlineData("", HttpStatusCode.MethodNotAllowed)]
    public async Task Meta_gets_its_challenge_back_for_the_right_token(string query, HttpStatusCode status)
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:meta:Secrets:0"] = "s", ["Sources:meta:VerifyTokens:0"] = "token" });

        var response = await server.Client.GetAsync(new Uri("/webhooks/meta?" + query, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
        if (status == HttpStatusCode.OK)
            Assert.Equal("1158201444", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Twilio_signs_the_address_that_it_knows()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:twilio:Secrets:0"] = "12345", ["PublicUrl"] = "https://hooks.example.com/" });
        const string form = "CallSid=CA1&CallStatus=completed&From=%2B49%2030";
        var signed = "https://hooks.example.com/webhooks/twilio?x=1CallSidCA1CallStatuscompletedFrom+49 30";
        var signature = Convert.ToBase64String(HMACSHA1.HashData("12345"u8, Encoding.UTF8.GetBytes(signed)));

        var response = await server.PostAsync("twilio?x=1", form, ("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", signature));
        await server.Starter.WaitAsync(1);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var stored = (await server.ListAsync()).Single();
        Assert.Equal(("completed", "CA1", EventStatus.Routed), (stored.Type!, stored.CorrelationKey!, stored.Status));
        var given = Assert.IsType<IReadOnlyDictionary<string, object?>>(server.Starter.Starts[0].Inputs["event"], exactMatch: false);
        Assert.Equal("+49 30", Assert.IsType<IReadOnlyDictionary<string, object?>>(given["payload"], exactMatch: false)["From"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("twilio", form, ("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", signature))).StatusCode);
    }

    [Fact]
    public async Task An_address_list_is_asked_for_the_connections_address()
    {
        await using var server = await IntakeServer.StartAsync(new()
        {
            ["Sources:flyflow:AllowedIps:0"] = "127.0.0.0/8",
            ["Sources:flow-sessions:AllowedIps:0"] = "203.0.113.0/24",
        });

        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flyflow", """{"event_type":"x","call_id":"c","timestamp":"t"}""")).StatusCode);
        // A header cannot stand in for the connection.
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("flow-sessions", """{"event":"x","id":"1"}""", ("X-Forwarded-For", "203.0.113.7"))).StatusCode);
    }

    private static string Hmac(string secret, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)));
}

using Automation.Intake.Tests.Support;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Tests.Sources;

public sealed class StartTests
{
    [Theory]
    [InlineData("Sources:flyflow:Preset", "flyflo", "\"flyflo\"; allowed: ai-flow, bland,")]
    [InlineData("Sources:new:Open", "true", "Automation:Intake:Sources:new:Preset is \"new\"; allowed: ")]
    [InlineData("Sources:flyflow:RateLimit", "0", "Automation:Intake:Sources:flyflow:RateLimit is \"0\"; allowed: 1 to 1000000")]
    [InlineData("Sources:flyflow:MaxBodyBytes", "10", "allowed: 1024 to 268435456")]
    [InlineData("Sources:flyflow:DedupeWindow", "100.00:00:00", "allowed: 00:00:01 to 90.00:00:00")]
    [InlineData("Sources:flyflow:AllowedIps:0", "10.0.0.0/33", "AllowedIps:0 is \"10.0.0.0/33\"")]
    [InlineData("Sources:flyflow:AllowedIps:0", "nowhere", "AllowedIps:0 is \"nowhere\"")]
    [InlineData("Sources:flyflow:Secrets:0", "x", "the preset flyflow has no scheme that uses secrets")]
    [InlineData("Sources:flyflow:HeaderToken:Name", "X-T", "HeaderToken:Values needs at least one value")]
    [InlineData("Sources:flyflow:Signature:Header", "X-S", "Secrets is empty")]
    [InlineData("Sources:flyflow:Type", "{event", "never closed")]
    [InlineData("Sources:flyflow:Type", "{event|upper}", "the filter \"upper\"")]
    [InlineData("Sources:flyflow:UrlSecrets:0", "a/b", "UrlSecrets:0 must not be empty nor hold a slash")]
    [InlineData("Sources:bad slug:Preset", "flyflow", "the slug \"bad slug\"")]
    [InlineData("PublicUrl", "hooks.example.com", "PublicUrl is \"hooks.example.com\"")]
    [InlineData("BodyTimeout", "01:00:00", "BodyTimeout")]
    [InlineData("PresetsDirectory", "/no/such/folder", "PresetsDirectory")]
    public async Task A_wrong_setting_stops_the_start_with_key_value_and_range(string key, string value, string message)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => IntakeServer.StartAsync(new() { [key] = value }));

        Assert.Contains(failure.Failures, f => f.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_key_stops_the_start()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => IntakeServer.StartAsync(new() { ["Sources:flyflow:Secret"] = "x" }));

        Assert.Contains("'Secret'", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_does_not_fit_is_told_without_being_shown()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => IntakeServer.StartAsync(new()
        {
            ["Sources:s:Preset"] = "telnyx",
            ["Sources:s:Secrets:0"] = "s3cret!",
        }));

        Assert.Contains("Secrets:0 is not base64", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_sources_are_not_served_to_the_world()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => IntakeServer.StartAsync(new() { ["TestUrl"] = "http://0.0.0.0:0" }));

        Assert.Contains("flyflow", failure.Message, StringComparison.Ordinal);
        Assert.Contains("AllowOpenSources", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_sources_are_served_to_the_world_where_told_so()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["TestUrl"] = "http://0.0.0.0:0", ["AllowOpenSources"] = "true" });

        Assert.Equal(System.Net.HttpStatusCode.OK, (await server.PostAsync("flow-sessions", """{"id":"1","event":"flow.end"}""")).StatusCode);
    }

    [Fact]
    public async Task Verified_sources_are_served_to_the_world()
    {
        var settings = new[] { "flyflow", "ai-flow", "conversation-messages", "flow-sessions", "flow-ai" }.ToDictionary(s => $"Sources:{s}:UrlSecrets:0", _ => (string?)"s", StringComparer.Ordinal);
        settings["TestUrl"] = "http://0.0.0.0:0";
        await using var server = await IntakeServer.StartAsync(settings);

        Assert.Equal(System.Net.HttpStatusCode.OK, (await server.PostAsync("flow-sessions/s", """{"id":"1","event":"flow.end"}""")).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await server.PostAsync("flow-sessions/t", """{"id":"1","event":"flow.end"}""")).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await server.PostAsync("flow-sessions", """{"id":"1","event":"flow.end"}""")).StatusCode);
    }

    [Fact]
    public async Task A_sender_can_be_described_in_a_file()
    {
        var presets = Directory.CreateTempSubdirectory("presets-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(presets.FullName, "mine.json"), """
                {
                  // A sender of our own.
                  "name": "mine", "title": "Mine", "type": ["mine.{kind}"], "correlation": ["{order.id}"], "dedupe": { "key": ["{uid}"] },
                  "verification": [ { "name": "key", "kind": "token", "headers": ["X-Mine"] } ], "acknowledge": { "status": 202, "body": { "ok": true } }
                }
                """, TestContext.Current.CancellationToken);
            await using var server = await IntakeServer.StartAsync(new() { ["PresetsDirectory"] = presets.FullName, ["Sources:mine:Secrets:0"] = "key" });

            var response = await server.PostAsync("mine", """{"kind":"sold","uid":1,"order":{"id":42}}""", ("X-Mine", "key"));

            Assert.Equal("202 {\"ok\":true}", $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}".Replace(" ", "", StringComparison.Ordinal).Insert(3, " "));
            var stored = Assert.Single(await server.ListAsync());
            Assert.Equal(("mine.sold", "42"), (stored.Type!, stored.CorrelationKey));
        }
        finally
        {
            presets.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_broken_preset_file_stops_the_start_with_file_and_line()
    {
        var presets = Directory.CreateTempSubdirectory("presets-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(presets.FullName, "mine.json"), "{\n \"name\": \"mine\",\n \"tittle\": \"Mine\" }", TestContext.Current.CancellationToken);

            var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => IntakeServer.StartAsync(new() { ["PresetsDirectory"] = presets.FullName }));

            Assert.Contains("mine.json(3,", failure.Message, StringComparison.Ordinal);
            Assert.Contains("tittle", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            presets.Delete(recursive: true);
        }
    }
}

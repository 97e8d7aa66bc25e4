using System.Net;
using Automation.Intake.Tests.Support;
using Automation.Testing;

namespace Automation.Intake.Tests.Verification;

/// <summary>ID tokens of OpenID Connect, as Dialogflow CX sends them, by an authority over HTTP.</summary>
public sealed class IdTokenTests
{
    private const string Audience = "https://automation.example.com/webhooks/dialogflow-cx";
    private const string Agent = "service-1@gcp-sa-dialogflow.iam.gserviceaccount.com";
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Fact]
    public async Task A_token_of_the_right_account_is_taken_and_every_other_refused_with_its_reason()
    {
        await using var authority = await TokenAuthority.StartAsync();
        await using var other = await TokenAuthority.StartAsync();
        await using var server = await StartAsync(authority, new ManualClock(Start));

        await TakenAsync(server, authority.Sign(Claims(authority)));
        await TakenAsync(server, authority.Sign(Claims(authority) with { email_verified = "true" }));

        await RefusedAsync(server, "signature does not match", Tampered(authority.Sign(Claims(authority))));
        await RefusedAsync(server, "signature does not match", Mixed(authority.Sign(Claims(authority) with { exp = Start.AddDays(1).ToUnixTimeSeconds() }), authority.Sign(Claims(authority))));
        await RefusedAsync(server, "signature does not match", other.Sign(Claims(authority)));
        await RefusedAsync(server, "HS256, not RS256", authority.SignWithPublicKey(Claims(authority)));
        await RefusedAsync(server, "signed with none, not RS256", authority.Sign(Claims(authority), new { alg = "none", kid = authority.KeyId }).Split('.') is [var h, var p, _] ? h + "." + p + "." : "");
        await RefusedAsync(server, "which " + authority.Address + " has not published", authority.Sign(Claims(authority), new { alg = "RS256", kid = "unheard-of" }));
        await RefusedAsync(server, "not by " + authority.Address, authority.Sign(Claims(authority) with { iss = "https://elsewhere.example.com" }));
        await RefusedAsync(server, "not for " + Audience, authority.Sign(Claims(authority) with { aud = Audience + "/other" }));
        await RefusedAsync(server, "which may not send", authority.Sign(Claims(authority) with { email = "service-2@gcp-sa-dialogflow.iam.gserviceaccount.com" }));
        await RefusedAsync(server, "no verified email", authority.Sign(Claims(authority) with { email_verified = false }));
        await RefusedAsync(server, "expired at", authority.Sign(Claims(authority) with { exp = Start.ToUnixTimeSeconds() - 301 }));
        await RefusedAsync(server, "from the future", authority.Sign(Claims(authority) with { iat = Start.ToUnixTimeSeconds() + 301 }));
        await RefusedAsync(server, "does not say when it expires", authority.Sign(new { iss = authority.Address, aud = Audience, email = Agent, email_verified = true }));
        foreach (var rubbish in new[] { "x", "a.b.c", "..", new string('A', 20_000) })
            await RefusedAsync(server, "does not hold an ID token", rubbish);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("dialogflow-cx", "{}")).StatusCode);
        Assert.Equal(1, authority.Fetches);
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_a_token_names_it_but_not_for_every_invented_one()
    {
        await using var authority = await TokenAuthority.StartAsync();
        var clock = new ManualClock(Start);
        await using var server = await StartAsync(authority, clock);
        await TakenAsync(server, authority.Sign(Claims(authority)));

        clock.Advance(TimeSpan.FromMinutes(2));
        authority.Rotate("second");
        await TakenAsync(server, authority.Sign(Claims(authority)));
        for (var i = 0; i < 20; i++)
            await RefusedAsync(server, "has not published", authority.Sign(Claims(authority), new { alg = "RS256", kid = "invented-" + i }));

        Assert.Equal(2, authority.Fetches);
    }

    [Fact]
    public async Task Without_the_authority_the_sender_is_told_to_come_again_and_known_keys_still_hold()
    {
        await using var authority = await TokenAuthority.StartAsync();
        var clock = new ManualClock(Start);
        authority.IsUp = false;
        await using var server = await StartAsync(authority, clock);

        var answer = await PostAsync(server, authority.Sign(Claims(authority)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);

        authority.IsUp = true;
        clock.Advance(TimeSpan.FromSeconds(2));
        await TakenAsync(server, authority.Sign(Claims(authority)));
        authority.IsUp = false;
        clock.Advance(TimeSpan.FromHours(13));
        await TakenAsync(server, authority.Sign(Claims(authority) with { exp = Start.AddDays(1).ToUnixTimeSeconds() }));
    }

    [Fact]
    public async Task A_password_is_as_good_where_both_are_set_and_needs_no_keys()
    {
        await using var authority = await TokenAuthority.StartAsync();
        authority.IsUp = false;
        await using var server = await StartAsync(authority, new ManualClock(Start), new() { ["Sources:dialogflow-cx:Secrets:0"] = "token-of-the-agent" });

        await TakenAsync(server, "token-of-the-agent");
    }

    [Fact]
    public async Task Settings_that_would_let_any_account_in_are_refused()
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => IntakeServer.StartAsync(new()
        {
            ["Sources:dialogflow-cx:IdToken:Authority"] = "http://accounts.example.com",
            ["Sources:dialogflow-cx:IdToken:Audiences:0"] = Audience,
        }));

        Assert.Contains("IdToken:Emails needs at least one value", fault.Message, StringComparison.Ordinal);
        Assert.Contains("IdToken:Authority is \"http://accounts.example.com\"; allowed: an https address", fault.Message, StringComparison.Ordinal);
    }

    private static Task<IntakeServer> StartAsync(TokenAuthority authority, ManualClock clock, Dictionary<string, string?>? more = null) => IntakeServer.StartAsync(
        new(more ?? [])
        {
            ["Sources:dialogflow-cx:Preset"] = "dialogflow-cx",
            ["Sources:dialogflow-cx:Reply:Enabled"] = "false",
            ["Sources:dialogflow-cx:IdToken:Authority"] = authority.Address,
            ["Sources:dialogflow-cx:IdToken:Audiences:0"] = Audience,
            ["Sources:dialogflow-cx:IdToken:Emails:0"] = Agent,
        },
        clock: clock);

    private static TokenClaims Claims(TokenAuthority authority) => new(authority.Address, Audience, Agent, true, Start.ToUnixTimeSeconds() - 10, Start.ToUnixTimeSeconds() + 3600);

    private static Task<HttpResponseMessage> PostAsync(IntakeServer server, string token) => server.PostAsync(
        "dialogflow-cx", $$"""{ "detectIntentResponseId": "{{Guid.NewGuid()}}", "fulfillmentInfo": { "tag": "t" }, "sessionInfo": { "session": "s" } }""", ("Authorization", "Bearer " + token));

    private static async Task TakenAsync(IntakeServer server, string token)
    {
        using var answer = await PostAsync(server, token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task RefusedAsync(IntakeServer server, string reason, string token)
    {
        using var answer = await PostAsync(server, token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>The same token with one letter of its signature changed.</summary>
    private static string Tampered(string token)
    {
        var at = token.LastIndexOf('.') + 10;
        return token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
    }

    /// <summary>The signature of one token below the claims of another.</summary>
    private static string Mixed(string claims, string signature) => claims[..claims.LastIndexOf('.')] + signature[signature.LastIndexOf('.')..];

    private sealed record TokenClaims(string iss, string aud, string email, object email_verified, long iat, long exp);
}

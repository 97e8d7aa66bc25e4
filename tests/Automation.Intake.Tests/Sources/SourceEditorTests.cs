using System.Net;
using Automation.Intake.Sources;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Sources;

/// <summary>Sources that are made, changed and removed while the server runs.</summary>
public abstract class SourceEditorConformance(DatabaseProvider provider)
{
    private static readonly SqlStatement Stored = new("SELECT settings FROM sources");
    private static readonly SqlStatement Spoil = new("UPDATE sources SET settings = $1, version = version + 1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_source_takes_events_as_soon_as_it_is_made_and_after_a_restart_and_none_once_it_is_removed()
    {
        await using var server = await IntakeServer.StartAsync(provider: provider);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(server, "token-1")).StatusCode);

        Assert.Equal(1, await EditorOf(server).SaveAsync("acme", WithToken("token-1"), 0, "somebody", Token));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "token-1")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, "token-2")).StatusCode);
        var stored = (await server.ListAsync(EventStatus.Rejected)).Count;
        Assert.Equal(2, stored);

        await server.StopAsync();
        await server.StartAgainAsync();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "token-1")).StatusCode);
        Assert.True(server.Services.GetRequiredService<SourceCatalog>().All.Single(s => s.Slug == "acme").IsEditable);

        await EditorOf(server).DeleteAsync("acme", 1, Token);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(server, "token-1")).StatusCode);
    }

    [Fact]
    public async Task A_secret_is_replaced_without_a_gap()
    {
        await using var server = await IntakeServer.StartAsync(provider: provider);
        var editor = EditorOf(server);
        var version = await editor.SaveAsync("acme", WithToken("old"), 0, null, Token);

        version = await editor.SaveAsync("acme", WithToken("new", "old"), version, null, Token);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "old")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "new")).StatusCode);

        await editor.SaveAsync("acme", WithToken("new"), version, null, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, "old")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "new")).StatusCode);
    }

    [Fact]
    public async Task Of_two_who_change_the_same_version_one_is_told_and_what_does_not_hold_changes_nothing()
    {
        await using var server = await IntakeServer.StartAsync(provider: provider);
        var editor = EditorOf(server);
        await editor.SaveAsync("acme", WithToken("first"), 0, null, Token);

        Task<long> Change(string token) => editor.SaveAsync("acme", WithToken(token), 1, null, Token);
        var both = await Task.WhenAll(new[] { Change("a"), Change("b") }.Select(async c =>
        {
            try
            {
                await c;
                return null;
            }
            catch (SourceRefusedException e)
            {
                return e;
            }
        }));
        Assert.Contains("changed by somebody else", Assert.Single(both.OfType<SourceRefusedException>()).Message, StringComparison.Ordinal);

        var again = await Assert.ThrowsAsync<SourceRefusedException>(() => editor.SaveAsync("ACME", WithToken("x"), 0, null, Token));
        Assert.Contains("already", again.Message, StringComparison.Ordinal);
        var configured = await Assert.ThrowsAsync<SourceRefusedException>(() => editor.SaveAsync("flyflow", WithToken("x"), 0, null, Token));
        Assert.Contains("set up in the configuration", configured.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<SourceRefusedException>(() => editor.SaveAsync("next", new SourceOptions { Preset = "unheard-of", AllowedIps = ["nowhere"] }, 0, null, Token));
        Assert.StartsWith("Preset is \"unheard-of\"; allowed: ai-flow,", wrong.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SourceRefusedException>(() => editor.SaveAsync("a/b", WithToken("x"), 0, null, Token));
        await Assert.ThrowsAsync<SourceRefusedException>(() => editor.DeleteAsync("acme", 1, Token));
        Assert.Equal(2, (await editor.FindAsync("acme", Token))!.Version);
        Assert.Null(await editor.FindAsync("next", Token));
    }

    [Fact]
    public async Task Its_secrets_are_not_to_be_read_in_the_database_and_settings_that_cannot_be_read_leave_the_others_alone()
    {
        await using var server = await IntakeServer.StartAsync(provider: provider);
        await EditorOf(server).SaveAsync("acme", WithToken("a-secret-of-a-test"), 0, null, Token);

        var bytes = (await server.TestDatabase.Database.QueryAsync(Stored, Token)).Rows[0][0].AsBlob!;
        Assert.Equal(-1, bytes.AsSpan().IndexOf("a-secret-of-a-test"u8));

        await server.TestDatabase.Database.CommitAsync(new WriteUnit().Add(Spoil, new byte[] { 1, 2, 3 }), cancellationToken: Token);
        await EditorOf(server).SaveAsync("other", WithToken("token"), 0, null, Token);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(server, "a-secret-of-a-test")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "token", "other")).StatusCode);
        // It can be set up anew.
        await EditorOf(server).SaveAsync("acme", WithToken("again"), 2, null, Token);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "again")).StatusCode);
    }

    private protected static SourceEditor EditorOf(IntakeServer server) => server.Services.GetRequiredService<SourceEditor>();

    protected static SourceOptions WithToken(params string[] tokens) => new() { Preset = "generic", HeaderToken = new HeaderTokenOptions { Name = "X-Token", Values = [.. tokens] } };

    private protected static Task<HttpResponseMessage> PostAsync(IntakeServer server, string token, string slug = "acme") =>
        server.PostAsync(slug, $$"""{ "type": "t", "id": "{{Guid.NewGuid()}}" }""", ("X-Token", token));
}

public sealed class SqliteSourceEditorTests() : SourceEditorConformance(DatabaseProvider.Sqlite);

public sealed class PostgresSourceEditorTests() : SourceEditorConformance(DatabaseProvider.PostgreSql)
{
    [Fact]
    public async Task A_source_is_in_force_at_the_other_server_too()
    {
        await using var first = await IntakeServer.StartAsync(provider: DatabaseProvider.PostgreSql);
        await using var second = await first.StartSecondAsync();

        await EditorOf(first).SaveAsync("acme", WithToken("token"), 0, null, TestContext.Current.CancellationToken);

        var end = TimeProvider.System.GetTimestamp();
        while ((await PostAsync(second, "token")).StatusCode != HttpStatusCode.OK)
            Assert.True(TimeProvider.System.GetElapsedTime(end) < TimeSpan.FromSeconds(30), "the other server has not heard of it");
    }
}

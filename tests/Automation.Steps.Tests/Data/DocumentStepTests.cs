using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Steps.Data;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Automation.Workflows.Execution;
using Microsoft.Extensions.Options;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Data;

public sealed class DocumentStepTests
{
    public static TheoryData<DatabaseProvider> Both => new(DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql);

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_zero_character_is_refused_everywhere_and_harms_no_collection(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Data:Indexes:c:0", "name"));
        var (store, queries) = (host.Get<DocumentStore>(), host.Get<DocumentQueries>());
        await store.ReplaceAsync("c", "ok", """{"name":"a \\u0000 that is only written","n":1e300}""", null, Some.Token);

        string[] refused =
        [
            await WhyAsync(() => store.ReplaceAsync("c", "k", """{"name":"a\u0000b"}""", null, Some.Token)),
            await WhyAsync(() => store.ReplaceAsync("c", "k", """{"a\u0000b":1}""", null, Some.Token)),
            await WhyAsync(() => store.ReplaceAsync("c", "k\0", "{}", null, Some.Token)),
            await WhyAsync(() => store.ReplaceAsync("c\0", "k", "{}", null, Some.Token)),
            await WhyAsync(() => store.FindAsync("c\0", "k", Some.Token).AsTask()),
            await WhyAsync(() => store.RemoveAsync("c", "k\0", null, Some.Token)),
            await WhyAsync(() => Find("""{"name":"a\u0000b"}""")),
            await WhyAsync(() => Find("""{"name":{"in":["x","a\u0000b"]}}""")),
            await WhyAsync(() => Find("""{"na\u0000me":"x"}""")),
            await WhyAsync(() => queries.FindAsync("c\0", null, null, 0, 10, Some.Token)),
            await WhyAsync(() => queries.FindAsync("c", null, "na\0me", 0, 10, Some.Token)),
        ];
        var tooLarge = await WhyAsync(() => store.ReplaceAsync("c", "k", """{"n":1e999999}""", null, Some.Token));
        var patched = await host.RunAsync(Step("Automation.StoreDocument", "s", ("collection", "c"), ("key", "ok"), ("mode", "Merge"), ("value", """{"name":"\u0000"}""")));
        var grown = await host.RunAsync(Step("Automation.ChangeDocument", "s", ("collection", "c"), ("key", "ok"), ("field", "x.y"), ("operation", "Append"), ("value", """["\u0000"]""")));

        Assert.All(refused, why => Assert.Contains("zero", why));
        Assert.Contains("too large", tooLarge);
        Assert.Equal([WorkflowSubStatus.Faulted, WorkflowSubStatus.Faulted], [patched.SubStatus, grown.SubStatus]);
        Assert.Equal("ok", Assert.Single(await queries.FindAsync("c", JsonDocument.Parse("""{"name":{"gte":"a"}}""").RootElement, "name", 0, 10, Some.Token)).Key);

        Task<IReadOnlyList<Document>> Find(string where) => queries.FindAsync("c", JsonDocument.Parse(where).RootElement, null, 0, 10, Some.Token);

        static async Task<string> WhyAsync(Func<Task> act) => (await Assert.ThrowsAsync<DocumentException>(act)).Message;
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_workflow_stores_merges_reads_finds_and_deletes_documents(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);

        var instance = await host.RunAsync(
            Step("Automation.StoreDocument", "s", ("collection", "customers"), ("key", "c-1"), ("value", new { name = "Ada", tags = new[] { "x" }, old = 1 })),
            Step("Automation.StoreDocument", "m", ("collection", "customers"), ("key", "c-1"), ("mode", "Merge"), ("value", """{"name":"Ada L.","old":null,"calls":{"n":1}}"""), ("storedVersion", Into("A"))),
            Step("Automation.ChangeDocument", "i", ("collection", "customers"), ("key", "c-1"), ("field", "calls.n"), ("value", 2)),
            Step("Automation.ChangeDocument", "a", ("collection", "customers"), ("key", "c-1"), ("operation", "Append"), ("field", "tags"), ("value", new[] { "y", "z" })),
            Step("Automation.ReadDocument", "r", ("collection", "customers"), ("key", "c-1"), ("document", Into("B"))),
            Step("Automation.FindDocuments", "f", ("collection", "customers"), ("where", """{"calls.n":{"gte":3}}"""), ("documents", Into("C"))),
            WriteLine("w", "{{ Variables.A }} {{ Variables.B.name }} {{ Variables.B.calls.n }} {{ Variables.B.tags | join: ',' }} {{ Variables.C[0].key }} {{ Variables.C | size }}"),
            Step("Automation.DeleteDocument", "d", ("collection", "customers"), ("key", "c-1")));

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        Assert.Equal(["2 Ada L. 3 x,y,z c-1 1"], host.Lines);
        Assert.Null(await host.Get<DocumentStore>().FindAsync("customers", "c-1", Some.Token));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_field_that_is_indexed_is_looked_up_and_one_that_is_no_longer_listed_is_not(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Data:Indexes:o'rders:0", "customer.mail"), ("Automation:Steps:Data:Indexes:o'rders:1", "amount"));
        var options = host.Get<IOptions<DataOptions>>().Value;
        var indexes = new DocumentIndexes(host.Database, Options.Create(options), Microsoft.Extensions.Logging.Abstractions.NullLogger<DocumentIndexes>.Instance);
        await indexes.ApplyAsync(Some.Token);
        for (var i = 0; i < 50; i++)
            await host.Get<DocumentStore>().ReplaceAsync("o'rders", $"o-{i}", $$"""{"customer":{"mail":"m{{i}}@example.org"},"amount":{{i}}}""", null, Some.Token);

        Assert.Contains("ix_document_field_", await PlanAsync(host, """{"customer.mail":"m7@example.org"}"""));
        Assert.Contains("ix_document_field_", await PlanAsync(host, """{"amount":{"gt":45}}"""));
        Assert.DoesNotContain("ix_document_field_", await PlanAsync(host, """{"other":1}"""));
        using var where = JsonDocument.Parse("""{"customer.mail":"m7@example.org","amount":{"gte":7}}""");
        Assert.Equal("o-7", Assert.Single(await host.Get<DocumentQueries>().FindAsync("o'rders", where.RootElement, "-amount", 0, 10, Some.Token)).Key);

        options.Indexes["o'rders"].RemoveAt(0);
        await indexes.ApplyAsync(Some.Token);
        Assert.DoesNotContain("ix_document_field_", await PlanAsync(host, """{"customer.mail":"m7@example.org"}"""));
    }

    private static async Task<string> PlanAsync(StepsHost host, string where)
    {
        using var conditions = JsonDocument.Parse(where);
        await using var connection = await host.Database.OpenConnectionAsync(Some.Token);
        await using var command = connection.CreateCommand();
        host.Get<DocumentQueries>().Write(command, "o'rders", conditions.RootElement, orderBy: null, skip: 0, take: 10);
        // SQLite looks for changes of the schema when it reads, which EXPLAIN does not. PostgreSQL reads so few rows all, although it
        // could use the index, which is what is asked.
        await using (var before = connection.CreateCommand())
        {
            before.CommandText = host.Database.Provider == DatabaseProvider.Sqlite ? "SELECT count(*) FROM documents" : "SET enable_seqscan = off; SET enable_bitmapscan = off";
            await before.ExecuteNonQueryAsync(Some.Token);
        }

        command.CommandText = (host.Database.Provider == DatabaseProvider.Sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + command.CommandText;
        await using var reader = await command.ExecuteReaderAsync(Some.Token);
        var plan = new System.Text.StringBuilder();
        while (await reader.ReadAsync(Some.Token))
            plan.AppendLine(reader.GetString(reader.FieldCount - 1));
        return plan.ToString();
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Counting_from_many_workflows_at_once_loses_and_doubles_nothing(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);
        var id = await host.PublishAsync(Step("Automation.ChangeDocument", "i", ("collection", "stats"), ("key", "calls"), ("field", "n")));

        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => host.RunPublishedAsync(id)));

        var document = await host.Get<DocumentStore>().FindAsync("stats", "calls", Some.Token);
        Assert.Equal("""{"n":60}""", document!.Body);
        Assert.Equal(60, document.Version);
        Assert.Equal(0L, (await host.Database.QueryAsync(new SqlStatement("SELECT count(*) FROM step_ledger"), Some.Token)).Rows[0][0].AsInteger);
    }

    [Fact]
    public async Task A_version_that_is_not_there_is_a_conflict_and_nothing_is_stored()
    {
        await using var host = await StartAsync();
        JsonObject Store(string id, long expected) => Step("Automation.StoreDocument", id, ("collection", "c"), ("key", "k"), ("value", new { by = id }), ("expectedVersion", expected), ("storedVersion", Into("A")));

        await host.RunAsync(Store("first", 0), Store("late", 0), Store("second", 1));

        Assert.Equal("""{"by":"second"}""", (await host.Get<DocumentStore>().FindAsync("c", "k", Some.Token))!.Body);
    }

    [Theory]
    [InlineData("Automation.StoreDocument", "collection", "", "collection")]
    [InlineData("Automation.StoreDocument", "mode", "Sideways", "Sideways")]
    [InlineData("Automation.StoreDocument", "timeToLive", "tomorrow", "tomorrow")]
    [InlineData("Automation.ChangeDocument", "field", "a..b", "a..b")]
    [InlineData("Automation.ChangeDocument", "value", "much", "much")]
    [InlineData("Automation.FindDocuments", "where", "{\"a\":{\"like\":\"x\"}}", "like")]
    [InlineData("Automation.FindDocuments", "where", "{\"a\\\"; DROP TABLE documents; --\":1}", "quotation")]
    public async Task Bad_input_is_an_incident_that_names_it(string type, string input, string value, string says)
    {
        await using var host = await StartAsync();
        var inputs = new Dictionary<string, object> { ["collection"] = "c", ["key"] = "k", ["field"] = "f", [input] = value };

        var instance = await host.RunAsync(Step(type, "x", [.. inputs.Select(i => (i.Key, i.Value))]));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains(says, await host.StateAsync(instance.Id));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Conditions_find_what_fits_and_nothing_else(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        var store = Store(database, TimeProvider.System);
        var unit = new WriteUnit();
        store.AddPutTo(unit, "c", "1", Json("""{"n":1,"s":"a","b":true,"in":{"x":"deep"}}"""));
        store.AddPutTo(unit, "c", "2", Json("""{"n":2.5,"s":"b","b":false}"""));
        store.AddPutTo(unit, "c", "3", Json("""{"n":"10","s":"ü'; --","z":null}"""));
        store.AddPutTo(unit, "other", "4", Json("""{"n":1}"""));
        await database.Database.CommitAsync(unit, cancellationToken: Some.Token);
        var queries = new DocumentQueries(database.Database, TimeProvider.System);
        async Task<string> Find(string? where, string? order = null, int skip = 0, int take = 100) =>
            string.Concat((await queries.FindAsync("c", where is null ? null : Json(where), order, skip, take, Some.Token)).Select(d => d.Key));

        Assert.Equal("123", await Find(null));
        Assert.Equal("1", await Find("""{"n":1}"""));
        Assert.Equal("12", await Find("""{"n":{"gt":0}}"""));
        Assert.Equal("2", await Find("""{"n":{"gt":1,"lte":2.5}}"""));
        Assert.Equal("3", await Find("""{"n":"10"}"""));
        Assert.Equal("23", await Find("""{"n":{"ne":1}}"""));
        Assert.Equal("1", await Find("""{"b":true}"""));
        Assert.Equal("23", await Find("""{"b":{"ne":true}}"""));
        Assert.Equal("1", await Find("""{"in.x":"deep"}"""));
        Assert.Equal("3", await Find("""{"s":"ü'; --"}"""));
        Assert.Equal("23", await Find("""{"s":{"in":["b","ü'; --"]}}"""));
        Assert.Equal("", await Find("""{"s":{"in":[]}}"""));
        Assert.Equal("123", await Find("""{"z":null}"""));
        Assert.Equal("3", await Find("""{"b":{"eq":null}}"""));
        Assert.Equal("12", await Find("""{"b":{"ne":null}}"""));
        Assert.Equal("21", await Find("""{"s":{"lt":"c"}}""", "-s"));
        Assert.Equal("2", await Find(null, null, skip: 1, take: 1));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_document_is_gone_when_its_time_is_over_and_may_be_made_anew(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var database = await TestDatabase.CreateAsync(provider, clock);
        var store = Store(database, clock);
        var unit = new WriteUnit();
        store.AddPutTo(unit, "c", "k", Json("""{"n":5}"""), TimeSpan.FromHours(1));
        store.AddPutTo(unit, "c", "swept", Json("{}"), TimeSpan.FromHours(1));
        await database.Database.CommitAsync(unit, cancellationToken: Some.Token);
        Assert.NotNull(await store.FindAsync("c", "k", Some.Token));

        clock.Advance(TimeSpan.FromHours(1));

        Assert.Null(await store.FindAsync("c", "k", Some.Token));
        Assert.Empty(await new DocumentQueries(database.Database, clock).FindAsync("c", null, null, 0, 10, Some.Token));
        var changed = await store.ChangeAsync("c", "k", new DocumentChange(present => JsonEdit.Increment(present, "n", 1)) { ExpectedVersion = 0 }, Some.Token);
        Assert.Equal("""{"n":1}""", changed.Document!.Body);
        Assert.Null((await store.FindAsync("c", "k", Some.Token))!.ExpiresAt);
        await store.SweepAsync(Some.Token);
        Assert.Equal(1, (await database.Database.QueryAsync(new SqlStatement("SELECT key FROM documents"), Some.Token)).Count);
    }

    [Fact]
    public async Task The_same_operation_changes_a_document_once_and_gives_the_same_result_again()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        var store = Store(database, TimeProvider.System);
        var change = new DocumentChange(present => JsonEdit.Increment(present, "n", 1)) { OperationId = "op-1" };

        var first = await store.ChangeAsync("c", "k", change, Some.Token);
        await store.ChangeAsync("c", "k", change with { OperationId = "op-2" }, Some.Token);
        var again = await store.ChangeAsync("c", "k", change, Some.Token);

        Assert.Equal(first, again);
        Assert.Equal("""{"n":2}""", (await store.FindAsync("c", "k", Some.Token))!.Body);
    }

    [Fact]
    public async Task A_document_larger_than_the_limit_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);

        var refusal = Assert.Throws<DocumentException>(() => Store(database, TimeProvider.System).AddPutTo(new WriteUnit(), "c", "k", new string('x', 2 << 20)));

        Assert.Contains("1048576", refusal.Message);
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"c":1,"d":2}}""", """{"a":null,"b":{"c":3},"e":[1]}""", """{"b":{"d":2,"c":3},"e":[1]}""")]
    [InlineData("""{"a":[1]}""", """{"a":{"b":null}}""", """{"a":{}}""")]
    [InlineData("""[1]""", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":1}""", """[2]""", """[2]""")]
    public void Merging_follows_the_standard(string target, string patch, string expected) =>
        Assert.Equal(expected, JsonEdit.Merge(JsonNode.Parse(target), JsonNode.Parse(patch))!.ToJsonString());

    [Theory]
    [InlineData("""{"n":"text"}""", "a text")]
    [InlineData("""{"n":{"a":1}}""", "an object")]
    public void Only_numbers_count(string document, string says) =>
        Assert.Contains(says, Assert.Throws<DocumentException>(() => JsonEdit.Increment(JsonNode.Parse(document), "n", 1)).Message);

    [Fact]
    public void Counting_is_exact()
    {
        Assert.Equal("""{"n":0.3}""", JsonEdit.Increment(JsonNode.Parse("""{"n":0.1}"""), "n", 0.2m).ToJsonString());
        Assert.Equal("""{"n":9007199254740994}""", JsonEdit.Increment(JsonNode.Parse("""{"n":9007199254740993}"""), "n", 1).ToJsonString());
    }

    private static DocumentStore Store(TestDatabase database, TimeProvider clock) => new(database.Database, Options.Create(new DataOptions()), clock);

    private static JsonElement Json(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}

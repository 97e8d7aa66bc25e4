using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;

namespace Automation.Intake.Tests.Routing;

/// <summary>Events that wait are looked for again and again, also where millions lie beside them.</summary>
public sealed class WaitingEventsTests
{
    [Fact]
    public async Task Events_that_wait_are_found_by_the_index_of_statuses()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);

        var plan = await database.Database.QueryAsync(
            new SqlStatement("EXPLAIN QUERY PLAN " + EventProgress.FindWaiting.For(DatabaseProvider.Sqlite)), TestContext.Current.CancellationToken, "", 500);

        Assert.Contains("ix_events_status", Assert.Single(plan.Rows)[3].AsText, StringComparison.Ordinal);
    }
}

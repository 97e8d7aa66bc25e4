using Automation.Storage;
using Automation.Storage.Workflows;
using Automation.Testing;
using Microsoft.EntityFrameworkCore;

namespace Automation.Workflows.Tests.Runtime;

public sealed class SchemaTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Every_row_class_reads_its_table(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await using var context = database.Database.CreateContext();

        Assert.Empty(await context.Set<WorkflowDefinitionRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowTriggerRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowInstanceRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowBookmarkRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowJournalRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowRouteShapeRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowResponseRow>().ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await context.Set<WorkflowStimulusRow>().ToListAsync(TestContext.Current.CancellationToken));
    }
}

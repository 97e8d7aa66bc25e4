using System.Text.Json;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;

namespace Automation.Studio.Api.Alterations;

/// <summary>
/// Alterations of many instances, carried out by a job. What was done to an instance is stored before the next one is
/// begun, so that a job that is tried again goes on where it stopped.
/// </summary>
internal sealed class AlterationPlans(Database database, JobClient jobs, TimeProvider clock)
{
    public const string Job = "Automation.Alterations";

    private const string Pending = "Pending", Running = "Running", Completed = "Completed", Failed = "Failed";

    private static readonly SqlStatement Insert = new("INSERT INTO alteration_plans (id, request, status, created_at) VALUES ($1, $2, $3, $4)");

    private static readonly SqlStatement Begin = new("UPDATE alteration_plans SET status = $2, started_at = $3 WHERE id = $1");

    private static readonly SqlStatement End = new("UPDATE alteration_plans SET status = $2, completed_at = $3 WHERE id = $1");

    private static readonly SqlStatement Plan = new("SELECT request, status, created_at, started_at, completed_at FROM alteration_plans WHERE id = $1");

    private static readonly SqlStatement InsertJob = new(
        "INSERT INTO alteration_jobs (plan_id, instance_id, status, log, created_at) VALUES ($1, $2, $3, '[]', $4) ON CONFLICT DO NOTHING");

    private static readonly SqlStatement EndJob = new("UPDATE alteration_jobs SET status = $3, log = $4, completed_at = $5 WHERE plan_id = $1 AND instance_id = $2");

    private static readonly SqlStatement JobsOfPlan = new(
        "SELECT instance_id, status, log, created_at, completed_at FROM alteration_jobs WHERE plan_id = $1 ORDER BY instance_id");

    /// <summary>Stores a plan with its job.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="BadInputException">There is a plan of that id.</exception>
    public async Task<string> SubmitAsync(PlanRequest request, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var id = string.IsNullOrWhiteSpace(request.Id) ? Guid.CreateVersion7(now).ToString("N") : request.Id;
        var unit = new WriteUnit().Add(Insert, id, JsonSerializer.Serialize(request, StudioJson.Default.PlanRequest), Pending, SqlValue.Micros(now));
        await jobs.EnqueueAsync(unit, new JobRequest(Job, id) { Reason = "Alterations of instances" }, cancellationToken);
        try
        {
            await database.CommitAsync(unit, WhenFull.Fail, cancellationToken);
        }
        catch (WriteConflictException)
        {
            throw new BadInputException($"id: there is an alteration plan '{id}' already.");
        }

        return id;
    }

    /// <summary>A plan and what became of each instance; null where there is none.</summary>
    public async Task<PlanState?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if ((await database.QueryAsync(Plan, cancellationToken, id)).Rows is not [var row, ..])
            return null;
        var request = Read(row[0]);
        var stored = await database.QueryAsync(JobsOfPlan, cancellationToken, id);
        return new PlanState(
            new PlanInfo(id, row[1].AsText!, request.Alterations ?? [], request.Filter ?? new AlterationFilter(), row[2].AsMicrosTime!.Value, row[3].AsMicrosTime, row[4].AsMicrosTime),
            [.. stored.Rows.Select(r => new PlanJob(
                $"{id}-{r[0].AsText}", id, r[0].AsText!, r[1].AsText!, JsonSerializer.Deserialize(r[2].AsText!, StudioJson.Default.IReadOnlyListAlterationLogEntry)!,
                r[3].AsMicrosTime!.Value, r[4].AsMicrosTime))]);
    }

    /// <summary>Carries a plan out, or on.</summary>
    public async Task RunAsync(string id, InstanceQueries queries, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        if ((await database.QueryAsync(Plan, cancellationToken, id)).Rows is not [var row, ..] || row[1].AsText is Completed or Failed)
            return;
        var request = Read(row[0]);
        if (row[1].AsText == Pending)
        {
            // Chosen once: an alteration may change whether the filter selects an instance.
            var unit = new WriteUnit().Add(Begin, id, Running, Now);
            foreach (var instanceId in await (request.Filter ?? new AlterationFilter()).SelectAsync(queries, cancellationToken))
                unit.Add(InsertJob, id, instanceId, Pending, Now);
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
        }

        var failed = false;
        foreach (var job in (await database.QueryAsync(JobsOfPlan, cancellationToken, id)).Rows)
        {
            var status = job[1].AsText == Pending ? await AlterAsync(id, job[0].AsText!, request.Alterations ?? [], runtime, cancellationToken) : job[1].AsText;
            failed |= status == Failed;
        }

        await database.CommitAsync(new WriteUnit().Add(End, id, failed ? Failed : Completed, Now), cancellationToken: cancellationToken);
    }

    private SqlValue Now => SqlValue.Micros(clock.GetUtcNow());

    private async Task<string> AlterAsync(string planId, string instanceId, IReadOnlyList<JsonElement> alterations, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        var log = new List<AlterationLogEntry>();
        var status = Completed;
        foreach (var alteration in alterations)
        {
            var (succeeded, message) = await Alteration.ApplyAsync(instanceId, alteration, runtime, cancellationToken);
            log.Add(new AlterationLogEntry(message, succeeded ? "Information" : "Error", clock.GetUtcNow(), succeeded ? "Altered" : "Failed"));
            if (succeeded)
                continue;
            // What follows was meant for an instance on which this had been done.
            status = Failed;
            break;
        }

        await database.CommitAsync(
            new WriteUnit().Add(EndJob, planId, instanceId, status, JsonSerializer.Serialize(log, StudioJson.Default.IReadOnlyListAlterationLogEntry), Now), cancellationToken: cancellationToken);
        return status;
    }

    private static PlanRequest Read(SqlValue request) => JsonSerializer.Deserialize(request.AsText!, StudioJson.Default.PlanRequest)!;
}

/// <summary>Carries a plan out.</summary>
internal sealed class AlterationJob(AlterationPlans plans, InstanceQueries queries, WorkflowRuntime runtime) : IJobHandler
{
    /// <inheritdoc/>
    public Task RunAsync(JobContext context, CancellationToken cancellationToken) =>
        plans.RunAsync(context.GetArgument<string>(0)!, queries, runtime, cancellationToken);
}

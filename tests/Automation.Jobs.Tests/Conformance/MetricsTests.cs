using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Conformance;

/// <summary>What a running server tells a listener of its meter.</summary>
public sealed class MetricsTests() : JobTests(DatabaseProvider.Sqlite)
{
    [Fact]
    public async Task Ends_waits_runs_and_queues_are_measured_by_name_outcome_exception_and_queue()
    {
        var measured = new ConcurrentQueue<(string Name, double Value, string Tags)>();
        await CreateAsync(retry: r => r.Delays = [TimeSpan.FromHours(1)], options: o => o.Queues = ["default"]);
        var meter = Host.Get<Server.JobMetrics>().Meter;
        using var listener = new MeterListener
        {
            // Other tests of this process have meters of the same name.
            InstrumentPublished = (instrument, l) =>
            {
                if (ReferenceEquals(instrument.Meter, meter))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();

        using var goOn = new SemaphoreSlim(0);
        Recorder.Do = (context, _) => context.Name switch
        {
            "wait" => throw new TimeoutException("as asked"),
            _ => goOn.WaitAsync(Token),
        };
        var waiting = await Host.Client.EnqueueAsync(new JobRequest("done"), Token);
        Clock.Advance(TimeSpan.FromSeconds(7));
        await Host.StartAsync();
        await Eventually.TrueAsync(() => Task.FromResult(!Recorder.Runs.IsEmpty));
        Clock.Advance(TimeSpan.FromSeconds(2));
        goOn.Release();
        await Host.StateAsync(waiting, JobStates.Succeeded);
        var retried = await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        await Host.StateAsync(retried, JobStates.Scheduled);
        var failed = await Host.Client.EnqueueAsync(new JobRequest("wait") { MaxAttempts = 0 }, Token);
        await Host.StateAsync(failed, JobStates.Failed);
        await Host.Client.EnqueueAsync(new JobRequest("done") { Queue = "nobodys" }, Token);
        Clock.Advance(TimeSpan.FromMinutes(3));
        await Host.Get<Server.QueueWatch>().LookAsync(Token);
        listener.RecordObservableInstruments();

        await Eventually.TrueAsync(() => Task.FromResult(measured.Count(m => m.Name == "automation.jobs.ended") == 3));
        Assert.Equal(
            ["name=done outcome=succeeded", "name=wait outcome=failed exception=System.TimeoutException", "name=wait outcome=retried exception=System.TimeoutException"],
            measured.Where(m => m.Name == "automation.jobs.ended").Select(m => m.Tags).Order(StringComparer.Ordinal));
        Assert.Equal(("automation.jobs.run.duration", 2.0, "name=done"), measured.Single(m => m.Name == "automation.jobs.run.duration" && m.Tags == "name=done"));
        Assert.Contains(measured, m => m is { Name: "automation.jobs.wait.duration", Value: 7.0, Tags: "queue=default" });
        Assert.Contains(measured, m => m is { Name: "automation.jobs.queue.length", Value: 1, Tags: "queue=nobodys" });
        Assert.Contains(measured, m => m is { Name: "automation.jobs.queue.age", Value: 180.0, Tags: "queue=nobodys" });

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            measured.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))));
    }
}

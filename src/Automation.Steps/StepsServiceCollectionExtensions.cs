using System.Data.Common;
using Automation.Steps.Data;
using Automation.Steps.Deliveries;
using Automation.Steps.Endpoints;
using Automation.Steps.Files;
using Automation.Steps.Http;
using Automation.Steps.Notifications;
using Automation.Steps.Outgoing;
using Automation.Steps.Replies;
using Automation.Steps.Secrets;
using Automation.Steps.Sql;
using Automation.Steps.Templates;
using Automation.Steps.Transform;
using Automation.Storage;
using Automation.Workflows.Activities;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the steps that reach outside.</summary>
public static class StepsServiceCollectionExtensions
{
    /// <summary>Adds the steps, with options from <c>Automation:Steps</c>. The database must be registered too.</summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddAutomationSteps(this IServiceCollection services)
    {
        services.AddOptions<OutgoingOptions>().BindConfiguration("Automation:Steps:Outgoing").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<HttpOptions>().BindConfiguration("Automation:Steps:Http").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new OwnServer(s.GetService<Microsoft.AspNetCore.Hosting.Server.IServer>()));
        services.TryAddSingleton<OutgoingGuard>();
        services.TryAddSingleton<OutgoingHttp>();
        services.TryAddSingleton<HttpCaller>();
        services.TryAddSingleton<OAuthTokens>();
        services.TryAddSingleton<HttpExchangeLog>();
        services.AddBackgroundActivity<HttpRequestStep>(HttpRequestStep.SendHttpRequest, HttpRequestStep.FlowSendHttpRequest, HttpRequestStep.DownloadHttpFile);

        services.AddOptions<EndpointOptions>().BindConfiguration("Automation:Steps:Endpoints").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<StoredFiles>();
        services.TryAddSingleton<WorkflowAnswer>();

        services.AddDataProtection();
        services.TryAddSingleton<SecretStore>();
        services.AddHostedService<SecretCheck>();
        services.AddSingleton(s => new ChoiceList(ChoiceLists.Secrets, async cancellationToken => await SecretsAsync(s, cancellationToken)));
        services.AddSingleton(s => new ChoiceList(ChoiceLists.OptionalSecrets, async cancellationToken => [new Choice("(none)", ""), .. await SecretsAsync(s, cancellationToken)]));
        services.AddWorkflowActivity<CallHttp>().AddBackgroundActivity<CallHttpStep>(CallHttp.Type);

        services.TryAddSingleton<ReplySender>();
        services.AddHostedService<ReplyRecovery>();
        services.AddJobHandler<ReplySender>(ReplySender.Job, retry => retry.Attempts = 8);

        services.AddOptions<DataOptions>().BindConfiguration("Automation:Steps:Data").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<DocumentStore>();
        services.TryAddSingleton<DocumentQueries>();
        services.TryAddSingleton<DocumentCollections>();
        services.AddHostedService<DocumentIndexes>();
        services.AddHostedService<DocumentSweeper>();
        services.AddWorkflowActivity<StoreDocument>().AddWorkflowActivity<ReadDocument>().AddWorkflowActivity<ChangeDocument>()
            .AddWorkflowActivity<DeleteDocument>().AddWorkflowActivity<FindDocuments>();
        services.AddBackgroundActivity<DocumentStep>(StoreDocument.Type, ReadDocument.Type, ChangeDocument.Type, DeleteDocument.Type, FindDocuments.Type);

        services.TryAddSingleton<TextTemplates>();
        AddNotifications(services);
        AddDeliveries(services);
        AddSql(services);
        AddTransforms(services);
        services.AddOptions<FilesOptions>().BindConfiguration("Automation:Steps:Files").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<FileFolder>();
        services.TryAddSingleton<AppendLedger>();
        services.AddWorkflowActivity<AppendToFile>().AddWorkflowActivity<ReadFromFile>();
        services.AddBackgroundActivity<FileStep>(AppendToFile.Type, ReadFromFile.Type);
        return services;

        static async Task<IReadOnlyList<Choice>> SecretsAsync(IServiceProvider services, CancellationToken cancellationToken) =>
            [.. (await services.GetRequiredService<SecretStore>().ListAsync(cancellationToken)).Select(secret => new Choice(secret.Name, secret.Name))];
    }

    /// <summary>Adds a kind of database that data connections can name as their <c>Provider</c>. One with the name of a kind that is there takes its place.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, such as <c>mysql</c>.</param>
    /// <param name="factory">The ADO.NET provider.</param>
    /// <param name="configure">Says where it differs from other databases.</param>
    public static IServiceCollection AddAutomationSqlProvider(this IServiceCollection services, string name, DbProviderFactory factory, Func<SqlDialect, SqlDialect>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(factory);
        var dialect = new SqlDialect(name, factory);
        return services.AddSingleton(configure is null ? dialect : configure(dialect));
    }

    private static void AddTransforms(IServiceCollection services)
    {
        services.AddWorkflowActivity<MergeJson>().AddWorkflowActivity<PickJson>().AddWorkflowActivity<ValidateJson>()
            .AddWorkflowActivity<MapList>().AddWorkflowActivity<SplitList>().AddWorkflowActivity<DedupeList>().AddWorkflowActivity<AggregateList>()
            .AddWorkflowActivity<EncodeText>().AddWorkflowActivity<RenderTemplate>().AddWorkflowActivity<RandomValue>().AddWorkflowActivity<SignText>()
            .AddWorkflowActivity<CsvToJson>().AddWorkflowActivity<JsonToCsv>().AddWorkflowActivity<XmlToJson>().AddWorkflowActivity<JsonToXml>()
            .AddWorkflowActivity<MoveDate>().AddWorkflowActivity<WaitForBusinessHours>();
        services.AddBackgroundActivity<SignStep>(SignText.Type);
    }

    private static void AddSql(IServiceCollection services)
    {
        services.AddOptions<SqlOptions>().BindConfiguration("Automation:Steps:Sql").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<SqlDialects>();
        services.TryAddSingleton<SqlPlaces>();
        services.AddSingleton<IValidateOptions<SqlOptions>>(s => s.GetRequiredService<SqlDialects>());
        services.AddSingleton<Action<ActivityCatalog>>(s => catalog =>
        {
            var options = s.GetRequiredService<IOptions<SqlOptions>>().Value;
            catalog.AddFamily<SqlQuery>(SqlFamilies.Of(SqlQuery.Type, options));
            catalog.AddFamily<SqlExecute>(SqlFamilies.Of(SqlExecute.Type, options));
        });
        services.AddBackgroundActivity<SqlStep>(SqlQuery.Type, SqlExecute.Type);
    }

    private static void AddDeliveries(IServiceCollection services)
    {
        services.AddOptions<DeliveryOptions>().BindConfiguration("Automation:Steps:Deliveries").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<EndpointStore>();
        services.TryAddSingleton<DeliveryLog>();
        services.TryAddSingleton<DeliveryPublisher>();
        services.TryAddSingleton<DeliverySender>();
        services.TryAddSingleton<LaneLeases>();
        services.TryAddSingleton(s => new EndpointQueues(
            s.GetRequiredService<Database>(), s.GetRequiredService<DeliveryLog>(), s.GetRequiredService<IOptions<DeliveryOptions>>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new EndpointTest(s.GetRequiredService<EndpointStore>(), s.GetRequiredService<DeliveryLog>(), s.GetRequiredService<DeliverySender>()));
        services.AddHostedService<DeliveryPump>();
        services.AddSingleton(s => new ChoiceList(ChoiceLists.DeliveryEventTypes, async cancellationToken =>
            [.. (await s.GetRequiredService<EndpointStore>().EventTypesAsync(cancellationToken)).Select(t => new Choice(t.Name, t.Name))]));
        services.AddWorkflowActivity<Deliver>().AddBackgroundActivity<DeliverStep>(Deliver.Type);
    }

    private static void AddNotifications(IServiceCollection services)
    {
        services.AddOptions<NotificationOptions>().BindConfiguration("Automation:Steps:Notifications").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<ChannelStore>();
        services.TryAddSingleton<ChannelLimits>();
        services.TryAddSingleton<NotificationLog>();
        services.TryAddSingleton<NotificationSender>();
        services.TryAddSingleton<NotificationDispatcher>();
        services.TryAddSingleton<Inbox>();
        services.TryAddSingleton(s => new ChannelTest(
            s.GetRequiredService<ChannelStore>(), s.GetRequiredService<NotificationSender>(), s.GetRequiredService<NotificationLog>(), s.GetRequiredService<TextTemplates>(), s.GetRequiredService<TimeProvider>()));
        services.AddHostedService<HeldNotifications>();
        services.AddJobHandler<NotificationJob>(NotificationJob.Name, retry =>
        {
            retry.Attempts = 3;
            retry.Delays = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2)];
        });
        services.AddSingleton(s => new ChoiceList(ChoiceLists.Channels, async cancellationToken => await ChannelsAsync(s, cancellationToken)));
        services.AddSingleton(s => new ChoiceList(ChoiceLists.OptionalChannels, async cancellationToken =>
            [new Choice("(none)", ""), .. await ChannelsAsync(s, cancellationToken)]));
        services.AddWorkflowActivity<Notify>().AddBackgroundActivity<NotifyStep>(Notify.Type);

        static async Task<IReadOnlyList<Choice>> ChannelsAsync(IServiceProvider services, CancellationToken cancellationToken) =>
            [.. (await services.GetRequiredService<ChannelStore>().ListAsync(cancellationToken)).Select(c => new Choice(c.Name, c.Name))];
    }

    /// <summary>Serves the HTTP endpoints of workflows, below <c>Automation:Steps:Endpoints:BasePath</c>. They do their own authorization.</summary>
    /// <param name="app">The pipeline.</param>
    public static IApplicationBuilder UseWorkflowEndpoints(this IApplicationBuilder app) => app.UseMiddleware<WorkflowEndpoints>();
}

return await Automation.Host.Start.Server.RunAsync(args);

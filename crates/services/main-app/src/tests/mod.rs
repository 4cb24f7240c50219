//! The service as a browser meets it, over an in-memory store and a desk that writes down what it is asked.

mod commands;
mod login;
mod lowering;
mod pages;
mod routes;
mod serve;
mod service;
mod strategy;
mod stream;
mod support;
mod tickets;
